/** The example in the documentation of the flags library, run as it stands but for path and port. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the web server of docs/libraries/flags.md follows its ConfigMap", async () => {
  const page = await Deno.readTextFile(new URL("docs/libraries/flags.md", ROOT));
  const example = /```ts\n([^]*?)```/.exec(page)?.[1] ?? "";
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { rate_limit: "2" });
  const code = example
    .replace('"@kcfg/kcfg/flags"', JSON.stringify(new URL("lib/flags/mod.ts", ROOT).href))
    .replace('"@kcfg/kcfg/flags/deno"', JSON.stringify(new URL("lib/flags/deno.ts", ROOT).href))
    .replace("/etc/config", volume.path)
    .replace("port: 8080", 'hostname: "127.0.0.1", port: 0');
  const script = await dir.write("server.ts", code);
  const config = new URL("deno.json", ROOT).pathname;
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--check", "--config", config, script],
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const output = server.stderr.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  try {
    const base = await addressIn(output);
    const statuses = async () => {
      const responses = await Promise.all(Array.from({ length: 6 }, () => fetch(base)));
      await Promise.all(responses.map((response) => response.body?.cancel()));
      return responses.filter(({ status }) => status === 200).length;
    };
    assert.ok(await statuses() <= 4);
    await volume.swap({ rate_limit: "1000" });
    await eventually("the new limit", async () => await statuses() === 6);
    const listing = await (await fetch(`${base}debug/flags`)).json();
    assert.equal(listing.flags[0].current_value, "1000");
  } finally {
    server.kill("SIGKILL");
    await server.status;
    await output.return?.();
  }
});

/** Reads on until the server says where it listens; ends with the server if it never does. */
async function addressIn(output: AsyncIterator<string>): Promise<string> {
  let seen = "";
  while (true) {
    const { done, value } = await output.next();
    if (done) throw new Error(`The example did not start: ${seen}`);
    seen += value;
    const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(seen)?.[0];
    if (address !== undefined) return address;
  }
}
