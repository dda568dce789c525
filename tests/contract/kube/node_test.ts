/** The client under Node, bundled as a package for Node would be: reads, watches, writes, and lets the process end. */

import assert from "node:assert/strict";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const MIN_MAJOR = 20;

const nodeMajor = await new Deno.Command("node", { args: ["--version"] }).output().then(
  ({ stdout }) => Number(/^v(\d+)/.exec(new TextDecoder().decode(stdout))?.[1]),
  (error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  },
);
const missing = nodeMajor === undefined
  ? " (ignored: there is no node)"
  : nodeMajor < MIN_MAJOR
  ? ` (ignored: node ${nodeMajor} is older than ${MIN_MAJOR})`
  : "";

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

for (const http2 of [true, false]) {
  const protocol = http2 ? "HTTP/2" : "HTTP/1.1";
  Deno.test({
    name: `Node over ${protocol}: list, informer, apply and a clean end${missing}`,
    ignore: missing !== "",
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
        "tests/contract/kube/node/smoke.ts",
      ]);
      // Node takes `.js` for a module only where a package says so.
      await dir.write("package.json", '{ "type": "module" }');
      const output = await run("node", [`${dir.path}/smoke.js`], { KUBECONFIG: kubeconfig });
      assert.deepEqual(JSON.parse(output), {
        names: ["a"],
        seen: ["added a", "synced", "added b", "not found"],
      });
      assert.equal(server.watches().length, 0);
    },
  });
}
