// How long a page takes in Chromium from the start of the navigation until it is loaded, in milliseconds: the median of several visits.
// `node ready.mjs MODULES URL`, where MODULES has `playwright-core`, as `tests/run.sh` puts it into target/page-tests.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, url] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const path = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
const browser = await chromium.launch({ executablePath: path, args: ["--no-sandbox", "--disable-gpu"] });
const times = [];
for (let at = 0; at < 11; at += 1) {
  // A window of its own each time: nothing is in a cache.
  const context = await browser.newContext({ viewport: { width: 1360, height: 820 } });
  const page = await context.newPage();
  await page.goto(url, { waitUntil: "load" });
  times.push(await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => setTimeout(() => {
    const { loadEventEnd, startTime } = performance.getEntriesByType("navigation")[0];
    shown(Math.max(loadEventEnd - startTime, performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0));
  })))));
  await context.close();
}
await browser.close();
times.sort((a, b) => a - b);
console.log(times[Math.floor(times.length / 2)].toFixed(1));
