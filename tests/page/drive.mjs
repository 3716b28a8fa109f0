// Drives a browser over the page of a running server, as a person would. `tests/page.rs` fills the store and starts the server; what it
// made, and where, is told in a file of JSON. Prints what is wrong and ends with 1, or says what it looked at.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const require = createRequire(`${plan.modules}/`);
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;

const problems = [];
const done = [];
/** Requests that went elsewhere than to the server. */
const elsewhere = new Set();

const browser = await chromium.launch({ executablePath: plan.browser, args: ["--no-sandbox", "--disable-gpu"] });

/** A window in which nothing may go wrong: no error in the console, no request to elsewhere, nothing of others executed. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 820 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  // What an artifact's frame tells of what it did not do is what is wanted, and so is a form that is refused.
  const wanted = [
    [/\/artifacts\//, /Blocked script execution|sandboxed|Content Security Policy/], [/\/(again|triggers)$/, /status of 400/],
    [/nowhere/, /status of 404/], [/\/login/, /status of 401/],
  ];
  page.on("console", (message) => {
    const isWanted = wanted.some(([url, text]) => url.test(page.url()) && text.test(message.text()));
    if (message.type() === "error" && !isWanted) problems.push(`${page.url()}: ${message.text()}`);
  });
  page.on("dialog", (dialog) => { problems.push(`${page.url()}: a dialog: ${dialog.message()}`); dialog.dismiss(); });
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && ![plan.base, plan.guarded].includes(url.origin)) elsewhere.add(request.url());
  });
  const go = async (path) => {
    const answer = await page.goto(plan.base + path, { waitUntil: "load" });
    assert.equal(answer.status(), 200, path);
    const policy = answer.headers()["content-security-policy"] ?? "";
    assert.ok(policy && !policy.includes("unsafe"), `${path}: ${policy}`);
  };
  return { context, page, go };
}

async function check(name, work) {
  try {
    await work();
    done.push(name);
  } catch (error) {
    problems.push(`${name}: ${error.stack ?? error}`);
  }
}

/** Every kind of page that there is, with a word for each. */
const run = (id, query = "") => `/runs/${encodeURIComponent(id)}${query}`;
const pages = {
  runs: "/",
  "runs-found": `/?q=${encodeURIComponent("accuracy > 0.5 penguins")}`,
  "runs-none": "/?q=nothing-is-called-so",
  run: run(plan.penguins[0], "?step=evaluate"),
  timeline: run(plan.penguins[0], "?view=timeline"),
  "run-lineage": run(plan.penguins[0], "?view=lineage"),
  loops: run(plan.loops),
  failed: run(plan.failed, "?step=worse"),
  again: run(plan.penguins[0], "/again"),
  delete: `/delete?run=${encodeURIComponent(plan.penguins[0])}&run=${encodeURIComponent(plan.failed)}`,
  archived: "/?state=archived",
  compare: `/compare?${plan.penguins.map((id) => `run=${encodeURIComponent(id)}`).join("&")}`,
  pipelines: "/pipelines",
  pipeline: "/pipelines/penguins",
  artifacts: "/artifacts",
  components: "/components",
  schedules: "/schedules",
  models: "/models",
  trigger: "/triggers/new",
  "trigger-delete": "/triggers/any/delete",
  store: "/store?count=yes",
};

/** The page of the first artifact of a kind of a step's outputs. */
async function artifact(page, go, id, step, name) {
  await go(run(id, `?step=${step}`));
  const link = page.locator("#panel dl.pairs > div", { has: page.locator(`dt:text-is("${name}")`) }).locator("a").first();
  return await link.getAttribute("href");
}

await check("artifacts are found from their steps", async () => {
  const { context, page, go } = await open();
  pages.table = await artifact(page, go, plan.penguins[0], "raw", "artifact");
  pages.curves = await artifact(page, go, plan.penguins[0], "evaluate", plan.curves);
  pages.lineage = `${await artifact(page, go, plan.penguins[0], "train", "model")}/lineage`;
  for (const [step, port] of Object.entries(plan.hostile)) pages[`hostile-${step}`] = await artifact(page, go, plan.hostileRun, step, port);
  await context.close();
});

for (const scheme of ["light", "dark"]) {
  await check(`every page is sound for everybody, ${scheme}`, async () => {
    const { context, page, go } = await open({ colorScheme: scheme });
    for (const [name, path] of Object.entries(pages)) {
      await go(path);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
      for (const { id, help, nodes } of violations) problems.push(`${scheme} ${name}: ${id}: ${help}: ${nodes[0].html}`);
    }
    await context.close();
  });
}

await check("who shows no token meets a page to sign in, and an empty store explains itself", async () => {
  const { context, page } = await open();
  const sound = async (name) => {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    for (const { id, help, nodes } of violations) problems.push(`${name}: ${id}: ${help}: ${nodes[0].html}`);
  };
  await page.goto(`${plan.guarded}/pipelines`);
  await sound("login");
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await sound("login, refused");
  await page.getByLabel("Token").fill(plan.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${plan.guarded}/pipelines`);
  for (const path of ["/", "/pipelines", "/artifacts", "/components", "/schedules", "/models", "/store", "/triggers/new", "/?state=archived", "/nowhere"]) {
    await page.goto(plan.guarded + path);
    await sound(`empty ${path}`);
  }
  await context.close();
});

await check("runs are put away, taken back and forgotten", async () => {
  const { context, page, go } = await open();
  const [first, second] = plan.spare;
  const row = (id) => page.locator(`tr[id="run-${id}"]`);
  await go(run(first));
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByText("Archived", { exact: true }).waitFor();
  await go("/");
  assert.equal(await row(first).count(), 0);
  await row(second).locator("input[name=run]").check();
  await page.getByRole("button", { name: "Archive" }).click();
  await page.waitForURL(`${plan.base}/`);
  assert.equal(await row(second).count(), 0);
  await go("/?state=archived");
  for (const id of [first, second]) assert.equal(await row(id).count(), 1, id);
  await row(second).locator("input[name=run]").check();
  await page.getByRole("button", { name: "Take back" }).click();
  await page.waitForURL(/state=archived/);
  assert.equal(await row(second).count(), 0);
  await row(first).locator("input[name=run]").check();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("heading", { name: /^Delete / }).waitFor();
  await page.getByRole("link", { name: "Cancel" }).click();
  await go(run(first));
  await page.getByRole("link", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.waitForURL(`${plan.base}/`);
  const gone = await context.request.get(plan.base + run(first));
  assert.equal(gone.status(), 404);
  assert.equal(await row(second).count(), 1);
  await context.close();
});

await check("a trigger is made, starts a run, and is forgotten", async () => {
  const { context, page, go } = await open();
  await go("/schedules");
  await page.getByRole("link", { name: "New trigger…" }).click();
  await page.getByLabel("Name, required").fill("arrivals");
  await page.getByLabel("Description").fill("Says <b>which</b> file has arrived");
  await page.getByLabel("Which files").fill("[");
  await page.getByLabel("Unchanged for").fill("0s");
  await page.getByLabel("Parameters").fill("file: \"[[File]]\"");
  await page.getByRole("button", { name: "Make the trigger" }).click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").innerText(), /is no pattern/);
  assert.equal(await page.getByLabel("Parameters").inputValue(), "file: \"[[File]]\"");
  await page.getByLabel("Which files").fill("*.csv");
  await page.getByRole("button", { name: "Make the trigger" }).click();
  await page.waitForURL(/schedules#trigger-arrivals/);
  const card = page.locator("#trigger-arrivals");
  assert.match(await card.innerText(), /Says <b>which<\/b> file/);
  // What is there when it is first seen is where it begins.
  for (const end = Date.now() + plan.patience; await card.getByRole("button", { name: /Switch off/ }).isDisabled();) {
    assert.ok(Date.now() < end, "the trigger is not looked at");
    await go("/schedules");
  }
  writeFileSync(`${plan.incoming}/a.csv`, "1");
  for (const end = Date.now() + plan.patience; !/Runs so far\s+1\b/.test(await card.innerText());) {
    assert.ok(Date.now() < end, "no run is started");
    await go("/schedules");
  }
  await go("/");
  await page.getByRole("link", { name: "arrivals-1" }).click();
  await page.locator(".heading .badge.is-complete").waitFor({ timeout: plan.patience });
  assert.match(await page.locator(".facts").first().innerText(), /the trigger arrivals: 1: a\.csv/);
  await go("/schedules");
  await card.getByRole("link", { name: /Delete…/ }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.waitForURL(/schedules$/);
  assert.equal(await card.count(), 0);

  await go("/triggers/new");
  await page.getByLabel("Name, required").fill("asked");
  await page.getByLabel("Somebody sends a signed request").check();
  await page.getByRole("button", { name: "Make the trigger" }).click();
  assert.match(await page.getByLabel("The secret").innerText(), /^whsec_[\w+/=]{40,}$/);
  await page.getByRole("link", { name: "Done" }).click();
  await page.locator("#trigger-asked").waitFor();
  assert.ok(!(await page.content()).includes("whsec_"));
  await context.close();
});

await check("a phone shows each page as wide as it is", async () => {
  const { context, page, go } = await open({ viewport: { width: 390, height: 800 } });
  for (const [name, path] of Object.entries(pages)) {
    await go(path);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${name} is wider by ${over}`);
  }
  await context.close();
});

await check("a person with a keyboard reaches a step", async () => {
  const { context, page, go } = await open();
  await go(run(plan.penguins[0]));
  await page.locator('[data-node="train"] a').first().focus();
  await page.keyboard.press("Enter");
  await page.locator('#panel [data-shown-step="train"]').waitFor();
  assert.match(page.url(), /step=train/);
  await page.keyboard.press("Escape");
  await page.locator("#panel [data-shown-step]").waitFor({ state: "detached" });
  await page.goBack();
  await page.locator('#panel [data-shown-step="train"]').waitFor();
  await go("/");
  await page.keyboard.press("/");
  await page.keyboard.type("accuracy > 2");
  await page.keyboard.press("Enter");
  await page.getByText("No run fits").waitFor();
  await context.close();
});

await check("everything is there without scripts", async () => {
  const { context, page, go } = await open({ javaScriptEnabled: false });
  await go(run(plan.penguins[0]));
  await page.locator('[data-node="evaluate"] a').first().click();
  await page.locator('#panel [data-shown-step="evaluate"]').waitFor();
  await go(run(plan.loops));
  const before = await page.locator("[data-node]").count();
  await page.locator("a.toggle").first().click();
  assert.notEqual(await page.locator("[data-node]").count(), before, "a DAG opens and closes");
  await go("/");
  for (const id of plan.penguins.slice(0, 2)) await page.locator(`input[name=run][value="${id}"]`).check();
  await page.getByRole("button", { name: "Compare selected" }).click();
  await page.getByRole("heading", { name: "Compare 2 runs" }).waitFor();
  await context.close();
});

await check("loops open and close in place", async () => {
  const { context, page, go } = await open();
  await go(run(plan.loops));
  const before = await page.locator("[data-node]").count();
  await page.evaluate(() => { globalThis.mark = true; });
  await page.locator("a.toggle").first().click();
  await page.waitForFunction((before) => document.querySelectorAll("[data-node]").length !== before, before);
  assert.ok(await page.evaluate(() => globalThis.mark), "the page was not loaded again");
  await context.close();
});

await check("runs are compared, with reasons", async () => {
  const { context, page, go } = await open();
  await go("/");
  for (const id of plan.penguins.slice(0, 2)) await page.locator(`input[name=run][value="${id}"]`).check();
  await page.getByRole("button", { name: "Compare 2 runs" }).click();
  const cell = page.locator("tr", { has: page.locator('th:text-is("train")') }).locator("td").nth(1);
  assert.match(await cell.innerText(), /regularisation: \S+ → \S+/);
  await page.getByLabel(/^ROC of /).first().waitFor();
  assert.ok(await page.locator("figure.confusion").count() >= 2);
  await context.close();
});

await check("a run is started from a form, shown live, and stopped", async () => {
  const { context, page, go } = await open();
  await go(run(plan.waiting, "/again"));
  await page.getByLabel(/^path /).fill("not absolute, and not there");
  await page.getByLabel(/^count /).evaluate((field) => { field.type = "text"; field.value = "many"; });
  await page.getByRole("button", { name: "Start" }).click();
  await page.locator(".wrong").waitFor();
  assert.match(await page.locator(".wrong").innerText(), /many/);
  await page.getByLabel(/^path /).fill(plan.release);
  await page.getByLabel(/^count /).fill("3");
  await page.getByRole("button", { name: "Start" }).click();
  await page.waitForURL(/\/runs\/[^/]+$/);
  await page.locator('[data-node="wait"].is-running').waitFor({ timeout: plan.patience });
  assert.equal(await page.locator('[data-node="after"].is-waiting').count(), 1);
  await page.evaluate(() => { globalThis.mark = true; });
  writeFileSync(plan.releaseFile, "go on");
  await page.locator('[data-node="after"].is-complete').waitFor({ timeout: plan.patience });
  await page.locator(".heading .badge.is-complete").waitFor({ timeout: plan.patience });
  assert.ok(await page.evaluate(() => globalThis.mark), "the page was not loaded again");

  await page.getByRole("link", { name: "Run again…" }).click();
  await page.getByLabel(/^path /).fill(`${plan.release}-which-never-comes`);
  await page.getByRole("button", { name: "Start" }).click();
  await page.waitForURL(/\/runs\/[^/]+$/);
  await page.locator('[data-node="wait"].is-running').waitFor({ timeout: plan.patience });
  await page.getByRole("button", { name: "Stop" }).click();
  await page.locator(".heading .badge.is-canceled").waitFor({ timeout: plan.patience });
  await page.getByRole("button", { name: "Resume" }).click();
  await page.locator('[data-node="wait"].is-running').waitFor({ timeout: plan.patience });
  await page.getByRole("button", { name: "Stop" }).click();
  await page.locator(".heading .badge.is-canceled").waitFor({ timeout: plan.patience });
  await context.close();
});

await check("what is hostile runs nothing", async () => {
  const { context, page, go } = await open();
  for (const [name, path] of Object.entries(pages).filter(([name]) => name.startsWith("hostile"))) {
    await go(path);
    await page.waitForTimeout(200);
    for (const frame of page.frames()) {
      const owned = await frame.evaluate(() => globalThis.owned ?? null).catch(() => null);
      assert.equal(owned, null, `${name}: a script of the artifact ran`);
    }
    assert.equal(await page.locator("#content script, #content [onclick], #content [onerror], #content [onload]").count(), 0, name);
    assert.equal(await page.locator('#content a[href^="javascript:"]').count(), 0, name);
  }
  // The content by itself, as who follows a link to it sees it.
  for (const [what, path] of [["frame", pages["hostile-page"]], ["download", pages["hostile-page"]], ["download", pages["hostile-table"]]]) {
    const answer = await context.request.get(`${plan.base}${path}/${what}`);
    const headers = answer.headers();
    assert.match(headers["content-security-policy"], /^sandbox;.*default-src 'none'/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    if (what === "download") assert.match(headers["content-disposition"], /^attachment; filename="[\w .-]+"/);
  }
  await page.goto(`${plan.base}${pages["hostile-page"]}/frame`);
  assert.equal(await page.evaluate(() => globalThis.owned ?? null).catch(() => null), null);
  await context.close();
});

await check("what is asked by another site is not done", async () => {
  const { context, page } = await open();
  const before = await (await context.request.get(`${plan.base}/`)).text();
  const answer = await context.request.post(`${plan.base}${run(plan.waiting, "/again")}`, {
    form: { "p.path": "/x" },
    headers: { Origin: "https://elsewhere.example", "Sec-Fetch-Site": "cross-site" },
  });
  assert.ok(answer.status() >= 400, String(answer.status()));
  const count = (text) => text.split('name="run"').length;
  assert.equal(count(await (await context.request.get(`${plan.base}/`)).text()), count(before));
  await page.close();
  await context.close();
});

await check("a thousand steps stay usable", async () => {
  const { context, page, go } = await open();
  await go(run(plan.large));
  assert.ok(await page.locator("[data-node]").count() >= 1000);
  const start = Date.now();
  await page.locator('[data-node="s-500"] a').first().evaluate((link) => link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true })));
  await page.locator('#panel [data-shown-step="s-500"]').waitFor();
  assert.ok(Date.now() - start < plan.patience);
  await context.close();
});

if (plan.images) {
  await check("pictures are taken", async () => {
    mkdirSync(plan.images, { recursive: true });
    const wanted = [
      ["runs", "/?pipeline=penguins", "light", 560],
      ["form", pages.again, "light", 560],
      ["delete", pages.delete, "light", 320],
      ["pipelines", pages.pipelines, "light", 320],
      ["artifacts", pages.artifacts, "light", 440],
      ["components", pages.components, "light", 440],
      ["schedules", pages.schedules, "light", 360],
      ["trigger", pages.trigger, "dark", 660],
      ["models", pages.models, "light", 360],
      ["store", pages.store, "light", 480],
      ["sign-in", `${plan.guarded}/login`, "light", 420],
      ["run", pages.run, "light", 660],
      ["timeline", pages.timeline, "dark", 560],
      ["compare", pages.compare, "light", 560],
      ["lineage", pages.lineage, "dark", 420],
      ["pipeline", pages.pipeline, "light", 560],
      ["table", pages.table, "light", 440],
    ];
    for (const [name, path, scheme, height] of wanted) {
      const { context, page, go } = await open({ colorScheme: scheme, viewport: { width: 1280, height } });
      if (path.startsWith("http")) await page.goto(path); else await go(path);
      await page.waitForTimeout(300);
      const picture = await page.screenshot({ path: `${plan.images}/page-${name}.png` });
      assert.ok(picture.length < 120_000, `page-${name}.png has ${picture.length} bytes`);
      await context.close();
    }
  });
}

await browser.close();
for (const url of elsewhere) problems.push(`asked elsewhere: ${url}`);
for (const name of done) console.log(`ok: ${name}`);
for (const problem of problems) console.error(`wrong: ${problem}`);
process.exit(problems.length ? 1 : 0);
