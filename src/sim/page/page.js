"use strict";
let tag = null;
async function look() {
  try {
    const answer = await fetch(location.href, { cache: "no-store", headers: tag ? { "if-none-match": tag } : {} });
    if (answer.status === 200) {
      tag = answer.headers.get("etag");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const focused = document.activeElement?.getAttribute("href");
      document.querySelector("main").replaceWith(page.querySelector("main"));
      if (focused) document.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
    document.body.classList.toggle("gone", answer.status !== 200 && answer.status !== 304);
  } catch {
    document.body.classList.add("gone");
  }
  setTimeout(look, 1000);
}
look();
