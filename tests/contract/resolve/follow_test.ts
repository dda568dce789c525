/** `kcfg resolve --watch` with the flags that say when it ends and what it tells besides. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { startKcfg } from "#tests/support/process.ts";
import { slice } from "#tests/support/slices.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

async function followed(...args: string[]) {
  const dir = await tempDir();
  const server = await startKubeServer();
  const put = (service: string, ...endpoints: string[]) =>
    void server.put(slice(`${service}-1`, { service, endpoints }));
  put("web", "10.0.0.1");
  put("api", "10.0.1.1");
  const config = await dir.write("config", server.kubeconfig());
  const kcfg = startKcfg(["resolve", "--kubeconfig", config, "--watch", ...args]);
  await eventually(
    "the state",
    () =>
      args.includes("api.prod")
        ? kcfg.stdout().includes("10.0.1.1")
        : kcfg.stdout().includes("10.0.0.1"),
  );
  return {
    ...{ kcfg, put },
    async [Symbol.asyncDispose]() {
      await kcfg[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("resolve --watch --count counts the lines of all targets together", async () => {
  await using run = await followed("--count=2", "-o", "jsonl", "web.prod", "api.prod");
  const changes = () =>
    run.kcfg.stdout().split("\n").filter((line) => line.startsWith('{"type":"ADDED"')).length;
  run.put("web", "10.0.0.1", "10.0.0.2");
  await eventually("the first change", () => changes() === 1);
  run.put("api", "10.0.1.1", "10.0.1.2");
  assert.equal(await run.kcfg.exitCode(), 0);
  assert.equal(changes(), 2);
});

Deno.test("resolve --watch --explain explains the state it prints", async () => {
  await using run = await followed("--explain", "web.prod");
  await eventually("the explanation", () => run.kcfg.stderr().includes("10.0.0.1:50051: used"));
});

Deno.test("resolve --watch --probe ends as its last round, and at once where none can be made", async () => {
  await using sick = await followed("--probe", "--timeout=2s", "web.prod");
  assert.equal(await sick.kcfg.exitCode(), 7, sick.kcfg.stderr());
  await using unable = await followed("--probe", "--probe-tls", "--probe-ca=/nowhere", "web.prod");
  assert.equal(await unable.kcfg.exitCode(), 1);
  assert.match(unable.kcfg.stderr(), /^kcfg: error: Cannot read "\/nowhere"\n/m);
});
