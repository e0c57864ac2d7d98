// Draws pages as people see them, and lets axe-core judge them.
//
//   node screens.mjs CHROMIUM MODULES FOLDER [IMAGES]
//
// FOLDER has the pages, *.html. MODULES is the folder with playwright-core and axe-core. Each page is opened in light and dark, at 360
// and 1,280 pixels, with every fold closed and then open. Pictures go to IMAGES, if that is given. Writes JSON to stdout: for
// each view its name, what the page asked for besides itself, how far it is wider than the window, what the browser complained about,
// and axe-core's violations and the number of rules that passed.
import { readFileSync, readdirSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [chromium, modules, folder, images] = process.argv.slice(2);
const require = createRequire(resolve(modules, "node_modules", "index.js"));
const { chromium: browserType } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await browserType.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"] });
const views = [];
for (const colorScheme of ["light", "dark"]) {
  for (const width of [360, 1280]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: false });
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".html")).sort()) {
      const page = await context.newPage();
      const asked = [];
      const complaints = [];
      page.on("request", (request) => asked.push(request.url()));
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.goto(pathToFileURL(join(folder, file)).href);
      for (const open of [false, true]) {
        const name = `${file.replace(/\.html$/, "")}-${width}-${colorScheme}${open ? "-open" : ""}`;
        const folds = await page.evaluate((open) => {
          const folds = document.querySelectorAll("details");
          folds.forEach((fold) => { fold.open = open; });
          return folds.length;
        }, open);
        if (open && folds === 0) continue;
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (images) {
          mkdirSync(images, { recursive: true });
          await page.screenshot({ path: join(images, `${name}.png`), fullPage: true });
        }
        // The debugging protocol puts it there: the policy of the page lets nothing else in.
        await page.evaluate(axe);
        const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        const violations = result.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => node.html).slice(0, 3) }));
        views.push({ name, asked: asked.slice(1), wider, complaints, violations, passes: result.passes.length });
      }
      // Every fold can be reached and opened with the keyboard.
      await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = false; }));
      const folds = await page.locator("details").count();
      let opened = 0;
      for (let index = 0; index < folds * 3 && opened < folds; index += 1) {
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        opened = await page.locator("details[open]").count();
      }
      views.push({ name: `${file} keyboard ${width} ${colorScheme}`, folds, opened });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
process.stdout.write(JSON.stringify(views));
