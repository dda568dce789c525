/** What the process says when a fault of its own escapes everything. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("a fault that nobody caught ends the process with one line and status 1", async () => {
  await using dir = await tempDir();
  const process = JSON.stringify(new URL("lib/run/process.ts", ROOT).href);
  for (
    const fault of [
      "queueMicrotask(() => { throw new Error('lost'); })",
      "Promise.reject(new Error('lost'))",
    ]
  ) {
    const program = await dir.write(
      "program.ts",
      `import { openProcess } from ${process};\nawait openProcess(import.meta.url);\n${fault};\nawait new Promise(() => {});\n`,
    );
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--config", new URL("deno.json", ROOT).pathname, program],
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "kcfg: error: Fault of kcfg itself: lost\n");
    assert.equal(code, 1);
  }
});

Deno.test("a worker of the strict sandbox that fails or vanishes ends the process with 1", async (t) => {
  await using dir = await tempDir();
  const url = (path: string) => JSON.stringify(new URL(path, ROOT).href);
  const ends = {
    'Promise.reject(new Error("lost"))': "Fault of kcfg itself: lost",
    "Deno.exit(0)": "The strict sandbox failed: the worker ended without an exit code",
  };
  for (const [end, message] of Object.entries(ends)) {
    await t.step(end, async () => {
      const program = await dir.write(
        "program.ts",
        `import { openProcess } from ${url("lib/run/process.ts")};
import { toGrants } from ${url("lib/run/grants.ts")};
const opened = await openProcess(import.meta.url);
if (opened.strict.kind === "launcher") {
  const run = { args: [], env: {}, grants: toGrants({}) };
  await opened.strict.launch(run, opened.context).then(opened.exit, (error) => {
    opened.context.stderr.write(\`kcfg: error: \${error.message}\\n\`);
    opened.exit(1);
  });
}
${end};
`,
      );
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--quiet", "--config", new URL("deno.json", ROOT).pathname, program],
        env: { NO_COLOR: "1" },
      }).output();
      assert.equal(new TextDecoder().decode(stderr), `kcfg: error: ${message}\n`);
      assert.equal(code, 1);
    });
  }
});
