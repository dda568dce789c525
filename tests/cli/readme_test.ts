/** The README's sessions, run as a reader would: `kcfg` as itself, `curl` against the demo. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

interface Session {
  readonly command: string;
  readonly output: string[];
}

async function readmeSessions(): Promise<Session[]> {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const sessions: Session[] = [];
  for (const [, block = ""] of readme.matchAll(/```console\n([\s\S]*?)```/g)) {
    for (const line of block.trimEnd().split("\n")) {
      if (line.startsWith("$ ")) sessions.push({ command: line.slice(2), output: [] });
      else sessions.at(-1)?.output.push(line);
    }
  }
  return sessions;
}

/** Output with what differs from run to run made equal. */
function withoutTime(text: string): string {
  return text.replaceAll("\r", "").trimEnd().replace(/^date: .*$/m, "date: now")
    .replace(/^age: \d+$/m, "age: 0").replace(/; ttl=\d+/, "; ttl=0");
}

/** The demo as a process, and the port it chose. */
async function startDemo() {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", "--quiet", "tools/demo.ts"],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  const reading = (async () => {
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) text += chunk;
  })();
  await eventually("the demo tells its story", () => text.includes("A client waits"));
  await eventually("the story ends", () => text.includes("The API server goes away"));
  const port = await eventually(
    "the demo prints its URLs",
    () => text.includes("Ctrl-C") ? /127\.0\.0\.1:(\d+)\/deploy\.yml/.exec(text)?.[1] : undefined,
  );
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      assert.equal((await child.status).code, 0);
      await reading;
    },
  };
}

Deno.test("the README's sessions print what the README says", async (t) => {
  const sessions = await readmeSessions();
  assert.ok(sessions.length >= 4);
  await using demo = await startDemo();
  for (const { command, output } of sessions) {
    await t.step(command, async () => {
      const runnable = command.replaceAll("127.0.0.1:8080", `127.0.0.1:${demo.port}`)
        .replace(/^kcfg/, `"$DENO" run -A --no-prompt --quiet main.ts`)
        .replace(/^curl /, "curl --silent ");
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: ["-c", runnable],
        cwd: ROOT,
        env: { DENO: Deno.execPath() },
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.equal(withoutTime(new TextDecoder().decode(stdout)), withoutTime(output.join("\n")));
    });
  }
});
