// Takes the pictures of the gallery: each of its pages in a telephone's width and a desk's.
//
//   node gallery.mjs CHROMIUM MODULES FOLDER
//
// FOLDER has the pages, *.html; pictures go to FOLDER/screens as <page>-<width>.png. MODULES is the folder with playwright-core. A
// picture shows the top of the page, has at most 64 colours, and stays under 100 KB, so that a repository can keep it.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { crc32, deflateSync, inflateSync } from "node:zlib";

const COLOURS = 64;
const LARGEST = 100 * 1024;
const TALLEST = 1800;

const [chromium, modules, folder] = process.argv.slice(2);
const require = createRequire(resolve(modules, "node_modules", "index.js"));
const { chromium: browserType } = require("playwright-core");

// The pixels of a PNG as Chromium writes it: 8 bits for each of 3 or 4 channels, not interlaced.
function decode(png) {
  let [at, width, height, channels] = [8, 0, 0, 0];
  const data = [];
  while (at < png.length) {
    const length = png.readUInt32BE(at);
    const kind = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (kind === "IHDR") {
      [width, height, channels] = [body.readUInt32BE(0), body.readUInt32BE(4), { 2: 3, 6: 4 }[body[9]]];
      if (body[8] !== 8 || !channels || body[12] !== 0) throw new Error("a PNG of another kind");
    }
    if (kind === "IDAT") data.push(body);
    at += length + 12;
  }
  const raw = inflateSync(Buffer.concat(data));
  const row = width * channels;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x += 1) {
      const left = x < channels ? 0 : pixels[y * row + x - channels];
      const up = y === 0 ? 0 : pixels[(y - 1) * row + x];
      const corner = x < channels || y === 0 ? 0 : pixels[(y - 1) * row + x - channels];
      const value = raw[y * (row + 1) + 1 + x];
      pixels[y * row + x] = value + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
    }
  }
  return { width, height, channels, pixels };
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

// The most frequent colours, and for each other one the nearest of them.
function encode({ width, height, channels, pixels }) {
  const counts = new Map();
  const colour = (at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  for (let at = 0; at < pixels.length; at += channels) counts.set(colour(at), (counts.get(colour(at)) ?? 0) + 1);
  const palette = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one) || one - other).slice(0, COLOURS);
  const parts = (value) => [value >> 16, (value >> 8) & 255, value & 255];
  const far = (one, other) => parts(one).reduce((sum, part, index) => sum + (part - parts(other)[index]) ** 2, 0);
  const index = new Map();
  for (const value of counts.keys()) {
    let best = 0;
    palette.forEach((known, position) => { if (far(value, known) < far(value, palette[best])) best = position; });
    index.set(value, best);
  }
  const raw = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) raw[y * (width + 1) + 1 + x] = index.get(colour((y * width + x) * channels));
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const colours = Buffer.from(palette.flatMap(parts));
  return Buffer.concat([signature, chunk("IHDR", head), chunk("PLTE", colours), chunk("IDAT", deflateSync(raw, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(kind, body) {
  const inner = Buffer.concat([Buffer.from(kind, "latin1"), body]);
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  inner.copy(out, 4);
  out.writeUInt32BE(crc32(inner), body.length + 8);
  return out;
}

const screens = join(folder, "screens");
rmSync(screens, { recursive: true, force: true });
mkdirSync(screens);
const browser = await browserType.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"] });
let total = 0;
for (const width of [360, 1280]) {
  const context = await browser.newContext({ viewport: { width, height: 600 }, colorScheme: "light" });
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".html")).sort()) {
    const page = await context.newPage();
    await page.goto(pathToFileURL(resolve(folder, file)).href);
    const tall = await page.evaluate(() => document.documentElement.scrollHeight);
    let height = Math.min(tall, TALLEST);
    let picture;
    do {
      picture = encode(decode(await page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width, height } })));
      height = Math.floor(height * 0.8);
    } while (picture.length > LARGEST);
    writeFileSync(join(screens, file.replace(/\.html$/, `-${width}.png`)), picture);
    total += picture.length;
    await page.close();
  }
  await context.close();
}
await browser.close();
process.stdout.write(`${total} bytes of pictures\n`);
