/** The listing of `kcfg flags-watch` in a real browser: by keyboard, with and without its script, as it is read out. */

import assert from "node:assert/strict";
import { type Page, startBrowser } from "#tests/support/browser.ts";
import { debianProgram } from "#tests/support/debian.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKcfg } from "#tests/support/process.ts";
import { ignoredFor } from "#tests/support/script_runtimes.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const SCHEMA = JSON.stringify({
  set: "shop",
  flags: {
    limit: { type: "int", default: 5, max: 1000, usage: "requests a second" },
    mode: { type: "string", default: "calm", pattern: "^calm$" },
    password: { type: "string", default: "hunter2", secret: true },
    port: { type: "int", default: 80, static: true },
    theme: { type: "json", default: { color: "blue" } },
  },
});

const chromium = await debianProgram("chromium");
const unavailable = "unavailable" in chromium ? chromium.unavailable : undefined;

async function opened() {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const schema = await dir.write("schema.json", SCHEMA);
  const kcfg = stack.use(startKcfg([
    ...["flags-watch", "--schema", schema, "--no-source", "--allow-set"],
    "--config-port=127.0.0.1:0",
  ]));
  const line = await eventually("it is ready", () => kcfg.logLine("ready"));
  const base = `http://${line["listen"]}`;
  const browser = stack.use(await startBrowser("path" in chromium ? chromium.path : ""));
  const all = stack.move();
  return {
    base,
    page: browser.page,
    /** Another client. */
    async set(name: string, value: string) {
      const body = new URLSearchParams({ name, value });
      const response = await fetch(`${base}/set`, { method: "POST", body });
      assert.ok(response.ok, await response.text());
    },
    async value(name: string): Promise<unknown> {
      const { flags } = await (await fetch(`${base}/flags`)).json();
      return flags[name];
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Presses Tab until the element whose accessible label this is has the focus. */
async function tabTo(page: Page, label: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.press("Tab");
    const focused = await page.evaluate("document.activeElement.getAttribute('aria-label')");
    if (focused === label) return;
  }
  assert.fail(`"${label}" is not reached by Tab`);
}

/** Puts text into the field that has the focus, in place of what it has. */
async function enter(page: Page, text: string): Promise<void> {
  await page.evaluate("document.activeElement.select()");
  await page.type(text);
  await page.press("Enter");
}

const LIMIT = "document.querySelector('tr[data-flag=limit]')";
const noteOfMode = "document.querySelector('tr[data-flag=mode] [data-part=note]').textContent";
const valueOfLimit = `${LIMIT}.querySelector('[data-part=value]').value`;
const noteOfLimit = `${LIMIT}.querySelector('[data-part=note]').textContent`;

Deno.test({
  name: `a flag is set by keyboard, and another client's change appears by itself${
    ignoredFor(unavailable)
  }`,
  ignore: unavailable !== undefined,
  async fn() {
    await using open = await opened();
    const { page } = open;
    const shows = (what: string, expression: string) =>
      eventually(what, () => page.evaluate<boolean>(expression));
    await page.goto(`${open.base}/`);
    await shows("it is live", "document.getElementById('live').textContent === 'live'");

    await tabTo(page, "New value of limit");
    await enter(page, "9");
    await shows("it says that it is set", `${noteOfLimit} !== ''`);
    assert.equal(await open.value("limit"), 9);
    assert.equal(await page.evaluate(valueOfLimit), "9");

    await open.set("limit", "11");
    await shows("the other client's value appears", `${valueOfLimit} === '11'`);
    const said = "document.querySelector('[role=status]#said').textContent";
    await shows("and is told to who does not see it", `${said}.includes('limit')`);
    assert.deepEqual(page.problems, []);

    await enter(page, "4711");
    await shows("it says why not", `${noteOfLimit}.includes('1000')`);
    assert.equal(await open.value("limit"), 11);

    const body = new URLSearchParams({ name: "mode", value: "loud" });
    const answer = await fetch(`${open.base}/set`, { method: "POST", body });
    assert.match(await answer.text(), /must match regex/);
    await shows("another client's refusal", `${noteOfMode}.includes('Refused')`);
    await open.set("mode", "calm");
    await shows("nothing is refused any more", `${noteOfMode} === ''`);
    assert.deepEqual(page.problems, []);
  },
});

Deno.test({
  name: `what somebody types stays when the flag changes meanwhile${ignoredFor(unavailable)}`,
  ignore: unavailable !== undefined,
  async fn() {
    await using open = await opened();
    const { page } = open;
    await page.goto(`${open.base}/`);
    await tabTo(page, "New value of limit");
    await page.evaluate("document.activeElement.select()");
    await page.type("77");
    await open.set("limit", "11");
    await eventually(
      "the change is told",
      () => page.evaluate("document.getElementById('said').textContent.includes('limit')"),
    );
    assert.equal(await page.evaluate(valueOfLimit), "77");
  },
});

Deno.test({
  name: `a flag is set without a script${ignoredFor(unavailable)}`,
  ignore: unavailable !== undefined,
  async fn() {
    await using open = await opened();
    const { page } = open;
    await page.stopScripts();
    await page.goto(`${open.base}/`);
    await tabTo(page, "New value of limit");
    await enter(page, "9");
    await eventually("it is set", async () => await open.value("limit") === 9);
    await page.goto(`${open.base}/`);
    assert.equal(await page.evaluate(valueOfLimit), "9");
  },
});

Deno.test({
  name: `everything on the page has a name for who hears it${ignoredFor(unavailable)}`,
  ignore: unavailable !== undefined,
  async fn() {
    await using open = await opened();
    const { page } = open;
    await page.goto(`${open.base}/`);
    const nodes = await page.accessible();
    const named = (role: string) =>
      nodes.filter((node) => node.role === role).map(({ name }) => name);
    assert.deepEqual(named("heading"), ["Flags of shop"]);
    assert.deepEqual(named("navigation"), ["Filters"]);
    assert.deepEqual(named("table"), ["Flags with their defaults and values in force"]);
    assert.deepEqual(named("columnheader"), ["Flag", "Type", "Default", "Current"]);
    const settable = ["limit", "mode", "password", "theme"];
    const fields = settable.map((name) => `New value of ${name}`);
    assert.deepEqual(fields.filter((name) => !named("textbox").includes(name)), []);
    const buttons = settable.map((name) => `Set ${name}`);
    assert.deepEqual(buttons.filter((name) => !named("button").includes(name)), []);
    for (const role of ["textbox", "button", "link"]) {
      assert.deepEqual(named(role).filter((name) => name === ""), [], role);
    }
    assert.ok(!JSON.stringify(nodes).includes("hunter2"));
  },
});
