/** `kcfg reload --compat=k8s-sidecar`: what users of that image get with their variables as they are. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import type { AccessRule } from "#tests/support/kube_server/access.ts";
import { startKcfg } from "#tests/support/process.ts";
import { startReloadCluster } from "#tests/support/reload_cluster.ts";

function configMap(
  namespace: string,
  name: string,
  data: Record<string, string>,
  annotations: Record<string, string> = {},
) {
  const metadata = { name, namespace, labels: { grafana_dashboard: "1" }, annotations };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

/** Grafana, as far as the sidecar calls it; and a web server for what is too large for a ConfigMap. */
function startGrafana() {
  const calls: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/large.json") return new Response("from the web");
    if (pathname === "/broken.json") return new Response("a page", { status: 500 });
    const user = request.headers.get("authorization") ?? "";
    calls.push(`${request.method} ${pathname} ${user} ${await request.text()}`);
    return new Response("reloaded");
  });
  return {
    calls,
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The sidecar over the objects of a cluster. */
async function startSidecar(rules?: readonly AccessRule[]) {
  const kube = await startReloadCluster(rules);
  return {
    ...kube,
    start: (env: Record<string, string>) =>
      startKcfg(["reload", "--compat=k8s-sidecar"], {
        env: {
          ...{ LABEL: "grafana_dashboard", FOLDER: kube.root, KUBECONFIG: kube.kubeconfig },
          ...{ HEALTH_HOST: "127.0.0.1", HEALTH_PORT: "0", NAMESPACE: "ALL", ...env },
        },
      }),
  };
}

Deno.test("k8s-sidecar: files where they were, one call for each change, its health", async () => {
  await using kube = await startSidecar();
  await using grafana = startGrafana();
  const target = "k8s-sidecar-target-directory";
  kube.server.put(
    configMap("one", "a", { "a.json": "1", "large.json.url": `${grafana.url}/large.json` }),
  );
  kube.server.put(configMap("two", "b", { "b.json": "2" }, { [target]: `${kube.root}/team` }));
  kube.server.put(configMap("two", "c", { "c.json.url": `${grafana.url}/broken.json` }));
  const script = await kube.dir.write("script.sh", `echo ran >> ${kube.dir.path}/ran`);
  await using kcfg = kube.start({
    ...{ LABEL_VALUE: "1", SCRIPT: script, REQ_URL: `${grafana.url}/api/reload` },
    ...{ REQ_METHOD: "POST", REQ_PAYLOAD: "now", REQ_USERNAME: "admin", REQ_PASSWORD: "hunter2" },
  });
  const line = await eventually("it listens", () => kcfg.logLine("listening for probes"));
  const health = (path: string) => fetch(`http://${line["health"]}${path}`);
  await eventually(`it is ready: ${kcfg.stderr()}`, async () => {
    const response = await health("/healthz");
    const text = await response.text();
    assert.equal(text, response.status === 503 ? "NOT READY" : "OK");
    assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    return response.status === 200;
  });
  const other = await health("/metrics");
  assert.deepEqual([other.status, await other.text()], [404, "Not Found"]);
  assert.deepEqual(await kube.names(), ["a.json", "large.json", "team"]);
  assert.equal(await kube.read("team/b.json"), "2");
  assert.equal(await kube.read("large.json"), "from the web");
  // Regular files, for those who refuse links.
  assert.ok((await Deno.lstat(`${kube.root}/a.json`)).isFile);
  const call = `POST /api/reload Basic ${btoa("admin:hunter2")} "now"`;
  await eventually("it is told of the start", () => grafana.calls.length === 1);
  assert.deepEqual(grafana.calls, [call]);
  assert.equal(await Deno.readTextFile(`${kube.dir.path}/ran`), "ran\n");
  kube.server.put(configMap("one", "a", { "a.json": "3" }));
  await eventually("it is told of the change", () => grafana.calls.length === 2);
  assert.equal(await kube.read("a.json"), "3");
  kube.server.remove(configMap("two", "b", {}));
  await eventually("it is told of the removal", () => grafana.calls.length === 3);
  assert.deepEqual(await kube.names(), ["a.json"]);
  assert.match(kcfg.stderr(), /the same without --compat.*--selector=grafana_dashboard=1/);
  assert.doesNotMatch(kcfg.stderr(), /hunter2/);
  kcfg.signal("SIGTERM");
  assert.equal(await kcfg.exitCode(), 0);
});

Deno.test("k8s-sidecar: METHOD=LIST collects once, in an init container", async () => {
  await using kube = await startSidecar();
  kube.server.put(configMap("one", "a", { "a.json": "1" }));
  await using kcfg = kube.start({ METHOD: "LIST", UNIQUE_FILENAMES: "true" });
  assert.equal(await kcfg.exitCode(), 0, kcfg.stderr());
  assert.deepEqual(await kube.names(), ["namespace_one.configmap_a.a.json"]);
});

Deno.test("k8s-sidecar: METHOD=SLEEP goes on with the right to list alone", async () => {
  await using kube = await startSidecar([
    { verbs: ["list"], apiGroups: [""], resources: ["configmaps"] },
  ]);
  kube.server.put(configMap("one", "a", { "a.json": "1" }));
  await using kcfg = kube.start({ METHOD: "SLEEP", SLEEP_TIME: "1" });
  await eventually(`it is ready: ${kcfg.stderr()}`, () => kcfg.logLine("ready"));
  kube.server.put(configMap("one", "a", { "a.json": "2" }));
  await eventually(`the change is there: ${kcfg.stderr()}`, async () => {
    return await kube.read("a.json") === "2";
  }, { withinMs: 4900 });
});

Deno.test("k8s-sidecar: without its variables it says which is missing", async () => {
  await using kube = await startSidecar();
  await using kcfg = kube.start({ LABEL: "" });
  assert.equal(await kcfg.exitCode(), 2);
  assert.match(kcfg.stderr(), /Variable LABEL: it is missing/);
});
