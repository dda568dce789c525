/** The page that compares kcfg with the replaced program: each of its lines names a test that exists. */

import assert from "node:assert/strict";

const ROOT = new URL("../../../", import.meta.url).pathname;
const PAGE = "docs/compat/kubecloudconfigserver.md";
const TEST = /`([\w./-]+\.(?:ts|txt))` "([^"]+)"/g;

async function textOf(file: string): Promise<string> {
  const folder = file.startsWith("lib/") || file.startsWith("tests/")
    ? ""
    : "commands/serve-config/";
  return await Deno.readTextFile(`${ROOT}${folder}${file}`);
}

Deno.test("each line of the comparison names a test that exists", async (t) => {
  const page = await Deno.readTextFile(ROOT + PAGE);
  const rows = page.split("\n").filter((line) => /^\| (?!-|What |kubeconfigserver )/.test(line));
  assert.ok(rows.length > 60, `${rows.length} lines`);
  for (const row of rows) {
    const [what = "", ...cells] = row.slice(2).split(" | ");
    await t.step(what.trim(), async () => {
      const named = [...(cells.at(-1) ?? "").matchAll(TEST)];
      assert.equal(named.length, 1, "one test a line");
      for (const [, file = "", name = ""] of named) {
        assert.ok((await textOf(file)).includes(name), `${file} has no test "${name}"`);
      }
    });
  }
});
