/** `kcfg resolve` on the embedded API server: sources by rights, exit codes, several slices. */

import assert from "node:assert/strict";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { runDemo, runKcfg } from "#tests/support/process.ts";
import { slice } from "#tests/support/slices.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

async function cluster() {
  const dir = await tempDir();
  const may = (apiGroup: string, resource: string, ...verbs: string[]) => ({
    name: resource,
    groups: [],
    rules: [{ apiGroups: [apiGroup], resources: [resource], verbs }],
  });
  const server = await startKubeServer({
    users: {
      watcher: may("discovery.k8s.io", "endpointslices", "watch"),
      legacy: may("", "endpoints", "get", "watch"),
      nobody: may("", "pods", "get"),
      all: may("*", "*", "get", "list", "watch"),
    },
  });
  const hosts = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => `10.0.0.${from + at}`);
  server.put(slice("web-1", { endpoints: hosts(1, 100) }));
  server.put(slice("web-2", { endpoints: hosts(101, 60) }));
  server.put({
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "web", namespace: "prod" },
    subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ name: "grpc", port: 50051 }] }],
  });
  return {
    async resolve(token: string, ...args: string[]) {
      const config = await dir.write(`config-${token}`, server.kubeconfig({ token }));
      return await runKcfg(["resolve", "--kubeconfig", config, ...args]);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("resolve sees all slices, and says what is wrong by its exit code", async () => {
  await using kube = await cluster();
  const all = await kube.resolve("all", "-o", "addresses", "web.prod:grpc");
  assert.deepEqual([all.code, all.stdout.trim().split("\n").length], [0, 160]);
  const port = await kube.resolve("all", "web.prod:http");
  assert.equal(port.code, 3);
  assert.match(port.stderr, /no port named "http" \(available: grpc\)/);
  const legacy = await kube.resolve("legacy", "--source=endpoints", "nope.prod");
  assert.equal(legacy.code, 3);
  assert.match(legacy.stderr, /service "prod\/nope": no Endpoints found/);
  const missing = await kube.resolve("all", "nope.prod", "web.prod");
  assert.equal(missing.code, 4);
  assert.match(missing.stderr, /service "prod\/nope": service does not exist/);
  const denied = await kube.resolve("nobody", "web.prod");
  assert.equal(denied.code, 5);
  assert.match(denied.stderr, /access denied \(HTTP 403\): endpointslices\.discovery\.k8s\.io is/);
  assert.match(denied.stderr, /hint: grant the rights: kcfg resolve --print-rbac -n prod/);
  const unknown = await kube.resolve("stranger", "web.prod");
  assert.equal(unknown.code, 5);
  assert.match(unknown.stderr, /HTTP 401.*\nkcfg: hint: the credentials are not accepted/);
});

Deno.test("resolve --wait says how many there were when time was over", async () => {
  await using kube = await cluster();
  const few = await kube.resolve("all", "--wait=161", "--timeout=300ms", "web.prod:grpc");
  assert.equal(few.code, 3);
  assert.match(few.stderr, /error: kubernetes: service "prod\/web": 160 usable, waited for 161\n/);
  assert.match(few.stderr, /hint: see what keeps the others away: kcfg resolve --all web\.prod/);
});

Deno.test("resolve tells of credentials that cannot be had without blaming the server", async () => {
  await using kube = await cluster();
  const failed = await kube.resolve("all", "--token-file=/tmp", "web.prod");
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /no credentials: Cannot read the token file "\/tmp": Is a directory/);
  assert.match(failed.stderr, /hint: see what is wrong with them: kcfg doctor/);
});

Deno.test("resolve does with watch on slices alone, and with Endpoints alone", async () => {
  await using kube = await cluster();
  const watcher = await kube.resolve("watcher", "-o", "addresses", "web.prod");
  assert.deepEqual([watcher.code, watcher.stdout.trim().split("\n").length], [0, 160]);
  const legacy = await kube.resolve("legacy", "-o", "json", "web.prod:grpc");
  assert.equal(legacy.code, 0, legacy.stderr);
  const { source, usable } = JSON.parse(legacy.stdout);
  assert.deepEqual([source, usable], ["endpoints", 1]);
});

Deno.test("the demo of resolve ends well", async () => {
  const { code, stdout } = await runDemo("resolve");
  assert.equal(code, 0, stdout);
  assert.match(stdout, /10\.0\.0\.4/);
});

Deno.test("resolve --wait -o json says in the document, too, that there were too few", async () => {
  await using kube = await cluster();
  const few = await kube.resolve(
    "all",
    "--wait=161",
    "--timeout=300ms",
    "-o",
    "json",
    "web.prod:grpc",
  );
  assert.equal(few.code, 3);
  const { usable, error } = JSON.parse(few.stdout);
  assert.equal(usable, 160);
  assert.deepEqual(error, {
    code: "empty",
    message: 'kubernetes: service "prod/web": 160 usable, waited for 161',
  });
});
