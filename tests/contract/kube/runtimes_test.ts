/** The client under Node and Bun, bundled as a package would be: reads, watches, writes, and lets the process end. */

import assert from "node:assert/strict";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { ignoredFor, scriptRuntimes } from "#tests/support/script_runtimes.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

async function run(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    signal: AbortSignal.timeout(20_000),
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

for (const { name, command, unavailable } of await scriptRuntimes()) {
  for (const http2 of [true, false]) {
    const protocol = http2 ? "HTTP/2" : "HTTP/1.1";
    Deno.test({
      name: `${name} over ${protocol}: list, informer, apply and a clean end${
        ignoredFor(unavailable)
      }`,
      ignore: unavailable !== undefined,
      async fn() {
        await using server = await startKubeServer({
          http2,
          users: { admin: { name: "admin", groups: ["system:masters"] } },
        });
        await using dir = await tempDir();
        server.put({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "a", namespace: "default" },
        });
        const kubeconfig = await dir.write("kubeconfig", server.kubeconfig({ token: "admin" }));
        await run(Deno.execPath(), [
          "bundle",
          "--quiet",
          "--code-splitting",
          "--outdir",
          dir.path,
          "tests/contract/kube/runtimes/smoke.ts",
        ]);
        // Node takes `.js` for a module only where a package says so.
        await dir.write("package.json", '{ "type": "module" }');
        const output = await run(command, [`${dir.path}/smoke.js`], { KUBECONFIG: kubeconfig });
        assert.deepEqual(JSON.parse(output), {
          names: ["a"],
          seen: ["added a", "synced", "added b", "not found"],
        });
        assert.equal(server.watches().length, 0);
      },
    });
  }
}
