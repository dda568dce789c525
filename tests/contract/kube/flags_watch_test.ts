/** `kcfg flags-watch` on ConfigMaps and Secrets behind an API server: the embedded one, and a real one when there is. */

import assert from "node:assert/strict";
import { controlPlane } from "#tests/support/control_plane.ts";
import {
  applyRbac,
  createToken,
  testNamespace,
  writer,
} from "#tests/support/control_plane/harness.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { runDemo, startKcfg } from "#tests/support/process.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const plane = await controlPlane();
const missing = "unavailable" in plane ? plane.unavailable : undefined;
const SCHEMA = JSON.stringify({
  flags: { limit: { type: "int" }, mode: { type: "string" }, key: { type: "binary" } },
});

function configMap(name: string, data: Record<string, string>, more: Record<string, unknown> = {}) {
  const metadata = { name, namespace: "team" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data, ...more };
}

async function cluster() {
  const dir = await tempDir();
  const follower = {
    name: "follower",
    groups: [],
    rules: [
      {
        apiGroups: [""],
        resources: ["configmaps"],
        resourceNames: ["flags", "more"],
        verbs: ["list", "watch"],
      },
      { apiGroups: [""], resources: ["configmaps"], resourceNames: ["schema"], verbs: ["get"] },
      {
        apiGroups: [""],
        resources: ["secrets"],
        resourceNames: ["keys"],
        verbs: ["list", "watch"],
      },
    ],
  };
  const server = await startKubeServer({ users: { follower } });
  server.put(configMap("schema", { "schema.json": SCHEMA }));
  const kubeconfig = await dir.write("config", server.kubeconfig({ token: "follower" }));
  const start = (...args: string[]) =>
    startKcfg([
      "flags-watch",
      ...["--kubeconfig", kubeconfig, "-n", "team", "--config-port=127.0.0.1:0", ...args],
    ]);
  return {
    server,
    start,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function valuesOf(kcfg: ReturnType<typeof startKcfg>) {
  const line = await eventually("it is ready", () => kcfg.logLine("ready"));
  const get = async (path: string) => await (await fetch(`http://${line["listen"]}${path}`)).text();
  return { get, values: async () => JSON.parse(await get("/flags")).flags };
}

Deno.test("flags-watch follows several objects with no more rights than it prints", async () => {
  await using kube = await cluster();
  kube.server.put(configMap("flags", { limit: "1", mode: "calm" }));
  kube.server.put(configMap("more", { limit: "2" }));
  kube.server.put({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "keys", namespace: "team" },
    data: { key: "AAE=" },
  });
  await using kcfg = kube.start(
    ...["--configmap=flags", "--configmap=team/more", "--secret=keys"],
    "--schema-configmap=schema#schema.json",
  );
  const { values, get } = await valuesOf(kcfg);
  const { limit, mode, key } = await values();
  assert.deepEqual([limit, mode, key], [2, "calm", "AAE="]);
  kube.server.put(configMap("more", { limit: "3" }));
  await eventually("the change is served", async () => (await values()).limit === 3);
  const { seq } = JSON.parse(await get("/flags"));
  kube.server.put(configMap("more", { limit: "3" }, {
    metadata: { name: "more", namespace: "team", labels: { a: "b" } },
  }));
  kube.server.remove(configMap("flags", {}));
  const isDeleted = () => kcfg.stderr().includes("configmap team/flags was deleted");
  await eventually("the deletion is told", isDeleted);
  assert.equal((await values()).mode, "calm");
  assert.equal(JSON.parse(await get("/flags")).seq, seq);
  kube.server.put(configMap("flags", { mode: "busy" }));
  await eventually("the new object counts", async () => (await values()).mode === "busy");
  const metrics = await get("/metrics");
  assert.match(metrics, /^kcfg_flags_api_up 1$/m);
  assert.match(metrics, /^kcfg_kube_relists_total\{resource="configmaps",reason="start"\} 2$/m);
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test({
  name: `flags-watch follows a ConfigMap of a real API server with the rights it prints${
    missing === undefined ? "" : ` (ignored: ${missing})`
  }`,
  ignore: missing !== undefined,
  async fn() {
    assert.ok(!("unavailable" in plane));
    const { admin } = plane;
    await using namespace = await testNamespace(admin);
    const configMaps = `/api/v1/namespaces/${namespace.name}/configmaps`;
    const write = writer(admin);
    const flags = { metadata: { name: "flags" }, data: { limit: "1", mode: "calm" } };
    await write("POST", configMaps, flags);
    const objects = ["--infer", `--configmap=${namespace.name}/flags`];
    await using printing = startKcfg(["flags-watch", "--print-rbac", ...objects]);
    assert.equal(await printing.exitCode(), 0, printing.stderr());
    await applyRbac(admin, printing.stdout());
    const account = { namespace: namespace.name, name: "kcfg-flags-watch" };
    await using dir = await tempDir();
    await using kcfg = startKcfg([
      ...["flags-watch", ...objects, "--config-port=127.0.0.1:0", "--kubeconfig=/dev/null"],
      ...["--server", plane.url, "--certificate-authority"],
      ...[await dir.write("ca.pem", admin.caPem ?? ""), "--token-file"],
      await dir.write("token", await createToken(admin, account)),
    ]);
    const { values } = await valuesOf(kcfg);
    const { limit, mode } = await values();
    assert.deepEqual([limit, mode], ["1", "calm"]);
    await write("PATCH", `${configMaps}/flags`, { data: { limit: "2", mode: null } });
    await eventually("the change is served", async () => (await values()).limit === "2");
    // A key that is gone keeps its value, and so does an object that is gone.
    assert.equal((await values()).mode, "calm");
    await write("DELETE", `${configMaps}/flags`);
    await eventually("the deletion is told", () => kcfg.stderr().includes("was deleted"));
    assert.equal((await values()).limit, "2");
  },
});

Deno.test("flags-watch ends with 1 for an object that is not there, and by SIGTERM when it is denied", async () => {
  await using kube = await cluster();
  await using absent = kube.start("--configmap=flags", "--infer");
  assert.equal(await absent.exitCode(), 1);
  assert.match(absent.stderr(), /configmap team\/flags: no such object/);
  await using denied = kube.start("--configmap=other", "--infer");
  await eventually("it says why it waits", () => denied.logLine("API server not read yet"));
  denied.signal("SIGTERM");
  assert.equal(await denied.exitCode(), 0);
});

Deno.test("flags-watch --once ends where the API server gives nothing, instead of waiting", async () => {
  await using kube = await cluster();
  await using kcfg = kube.start(
    ...["--schema-configmap=schema#schema.json", "--configmap=others", "--once"],
  );
  assert.equal(await kcfg.exitCode(), 1);
  assert.match(kcfg.stderr(), /Cannot read flags from configmap team\/others: .*forbidden/);
});

Deno.test("the demo of flags-watch ends well", async () => {
  const { code, stdout } = await runDemo("flags-watch");
  assert.equal(code, 0, stdout);
  assert.match(stdout, /rate_limit 250 -> 300 \(config\)/);
  assert.match(stdout, /rate_limit is still 300/);
});
