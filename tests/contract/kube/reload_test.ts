/** `kcfg reload` on ConfigMaps and Secrets behind an API server: the embedded one with faults, and a real one. */

import assert from "node:assert/strict";
import { controlPlane } from "#tests/support/control_plane.ts";
import {
  applyRbac,
  createToken,
  testNamespace,
  writer,
} from "#tests/support/control_plane/harness.ts";
import { plainRequest } from "#tests/support/control_plane/http.ts";
import { eventually } from "#tests/support/eventually.ts";
import type { AccessRule } from "#tests/support/kube_server/access.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import type { Fault } from "#tests/support/kube_server/faults.ts";
import { runDemo, startKcfg } from "#tests/support/process.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const plane = await controlPlane();
const missing = "unavailable" in plane ? plane.unavailable : undefined;

function configMap(name: string, data: Record<string, string>, more: Record<string, unknown> = {}) {
  const metadata = { name, namespace: "team", ...more };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

function secret(name: string, data: Record<string, string>) {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "team" }, data };
}

async function cluster(rules?: readonly AccessRule[]) {
  const dir = await tempDir();
  const follower = rules === undefined ? undefined : { name: "follower", groups: [], rules };
  const server = await startKubeServer({
    ...(follower !== undefined && { users: { follower } }),
  });
  const kubeconfig = await dir.write(
    "kubeconfig",
    server.kubeconfig(follower === undefined ? {} : { token: "follower" }),
  );
  const root = `${dir.path}/config`;
  return {
    server,
    root,
    read: (name: string) => Deno.readTextFile(`${root}/${name}`),
    names: async () =>
      (await Array.fromAsync(Deno.readDir(root), ({ name }) => name))
        .filter((name) => !name.startsWith("..")).sort(),
    start: (...args: string[]) =>
      startReload([
        ...["--kubeconfig", kubeconfig, "-n", "team", `--configroot=${root}`],
        ...["--reload-action=none", "--reload-min-interval=0", ...args],
      ]),
    run: (...args: string[]) =>
      startKcfg([
        ...["reload", "--kubeconfig", kubeconfig, "-n", "team", `--configroot=${root}`],
        ...["--log-format=json", "--reload-action=none", ...args],
      ]),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("reload writes ConfigMaps and Secrets, text and bytes, each into its folder", async () => {
  await using kube = await cluster();
  kube.server.put({ ...configMap("app", { "a.conf": "x=1\n" }), binaryData: { "b.bin": "AAH/" } });
  kube.server.put(secret("keys", { key: "c2VjcmV0" }));
  await using kcfg = await kube.start("--configmap=app", "--secret=team/keys:tls");
  await untilReady(kcfg);
  assert.equal(await kube.read("a.conf"), "x=1\n");
  assert.deepEqual(await Deno.readFile(`${kube.root}/b.bin`), new Uint8Array([0, 1, 255]));
  assert.equal(await kube.read("tls/key"), "secret");
  const first = await kcfg.status();
  kube.server.put(configMap("app", { "c.conf": "x=2\n" }));
  await eventually("the keys are others", async () => {
    return (await kube.names()).join() === "c.conf,tls";
  });
  // Files are there before the run that tells of them is counted.
  await eventually("the run is over", async () => {
    const now = await kcfg.status();
    return now.hash !== first.hash && now.lastReloadHash === now.hash;
  });
  // Neither labels nor equal content are a change.
  const { hash } = await kcfg.status();
  const runs = await kcfg.metric("kcfg_reload_reloads_total");
  kube.server.put(configMap("app", { "c.conf": "x=2\n" }, { labels: { a: "b" } }));
  kube.server.put(configMap("app", { "c.conf": "x=2\n", "d.conf": "" }));
  await eventually("the later change is there", async () => (await kcfg.status()).hash !== hash);
  await eventually("one more run", async () => {
    return await kcfg.metric("kcfg_reload_reloads_total") === runs + 1;
  });
  // But this annotation asks for a reload.
  const forced = (value: string) =>
    kube.server.put(
      configMap("app", { "c.conf": "x=2\n", "d.conf": "" }, {
        annotations: { "kcfg.dev/reload": value },
      }),
    );
  forced("1");
  await eventually("it is forced", async () => {
    return await kcfg.metric("kcfg_reload_reloads_total") === runs + 2;
  });
  forced("2");
  await eventually("it is forced again", async () => {
    return await kcfg.metric("kcfg_reload_reloads_total") === runs + 3;
  });
  assert.doesNotMatch(kcfg.stderr(), /secret"?:"?secret|c2VjcmV0/);
  assert.doesNotMatch(JSON.stringify(await kcfg.status()), /sha256/);
});

Deno.test("reload follows all objects of a selector, their files under names of their own", async () => {
  await using kube = await cluster();
  const labels = { labels: { app: "x" } };
  kube.server.put(configMap("one", { "a": "1" }, labels));
  kube.server.put(configMap("other", { "a": "no" }));
  await using kcfg = await kube.start("--selector=app=x", "--unique-filenames");
  await untilReady(kcfg);
  assert.deepEqual(await kube.names(), ["namespace_team.configmap_one.a"]);
  kube.server.put(configMap("two", { "a": "2" }, labels));
  await eventually("the second is there", async () => (await kube.names()).length === 2);
  kube.server.remove(configMap("one", {}));
  await eventually("the first is gone", async () => {
    return (await kube.names()).join() === "namespace_team.configmap_two.a";
  });
});

Deno.test("reload puts files of selected objects where an annotation says, below its directory alone", async () => {
  await using kube = await cluster();
  const asking = (name: string, folder: string) =>
    configMap(name, { [`${name}.json`]: "{}" }, {
      labels: { app: "x" },
      annotations: { folder },
    });
  kube.server.put(asking("relative", "team/a"));
  kube.server.put(asking("absolute", `${kube.root}/team`));
  kube.server.put(asking("outside", "/tmp"));
  kube.server.put(asking("above", "../x"));
  kube.server.put(asking("not-named", ""));
  await using kcfg = await kube.start(
    ...["--selector=app=x", "--folder-annotation=folder", "--selector-name=relative"],
    ...["--selector-name=configmap/absolute", "--selector-name=team/configmap/outside"],
    "--selector-name=above",
  );
  await untilReady(kcfg);
  assert.deepEqual(await kube.names(), ["team"]);
  assert.equal(await kube.read("team/a/relative.json"), "{}");
  assert.equal(await kube.read("team/absolute.json"), "{}");
  assert.match(kcfg.stderr(), /left out.*configmap team\/outside.*is not below/);
  assert.match(kcfg.stderr(), /left out.*configmap team\/above/);
});

Deno.test("reload keeps files of a deleted object and takes it when it is back", async () => {
  await using kube = await cluster();
  kube.server.put(configMap("app", { a: "1" }));
  await using kcfg = await kube.start("--configmap=app");
  await untilReady(kcfg);
  kube.server.remove(configMap("app", {}));
  await eventually("the deletion is told", () => kcfg.stderr().includes("was deleted"));
  assert.equal(await kube.read("a"), "1");
  assert.equal(await kcfg.metric("kcfg_reload_source_present"), 0);
  assert.equal((await kcfg.status()).state, "source-missing");
  assert.ok(await kcfg.metric("kcfg_kube_watch_events_total") > 0);
  assert.ok(await kcfg.metric("process_resident_memory_bytes") > 0);
  kube.server.put(configMap("app", { a: "2" }));
  await eventually("the new one counts", async () => await kube.read("a") === "2");
});

Deno.test("reload without its object ends with 1, waits, or goes on empty, as it is told", async (t) => {
  await using kube = await cluster();
  await t.step("fail", async () => {
    await using kcfg = kube.run("--configmap=app", "--", "sh", "-c", "echo started");
    assert.equal(await kcfg.exitCode(), 1);
    assert.match(kcfg.stderr(), /There is no configmap team\/app/);
    assert.equal(kcfg.stdout(), "");
  });
  await t.step("empty", async () => {
    await using kcfg = await kube.start("--configmap=app", "--missing=empty");
    await untilReady(kcfg);
    kube.server.put(configMap("app", { a: "1" }));
    await eventually("it is there", async () => (await kube.names()).join() === "a");
    kube.server.remove(configMap("app", {}));
  });
  await t.step("wait", async () => {
    await using kcfg = kube.run("--configmap=app", "--missing=wait", "--", "cat", `${kube.root}/a`);
    await eventually("it waits", () => kcfg.stderr().includes("waiting for an object"));
    assert.equal(kcfg.stdout(), "");
    kube.server.put(configMap("app", { a: "2" }));
    assert.equal(await kcfg.exitCode(), 0);
    assert.equal(kcfg.stdout(), "2");
  });
  await t.step("deleted, with exit", async () => {
    await using kcfg = await kube.start("--configmap=app", "--on-delete=exit");
    await untilReady(kcfg);
    kube.server.remove(configMap("app", {}));
    assert.equal(await kcfg.exitCode(), 1);
  });
});

Deno.test("reload asks for the object again and again where watching is denied", async () => {
  await using kube = await cluster([
    { apiGroups: [""], resources: ["configmaps"], resourceNames: ["app"], verbs: ["get"] },
  ]);
  kube.server.put(configMap("app", { a: "1" }));
  await using kcfg = await kube.start("--configmap=app");
  await untilReady(kcfg);
  assert.equal(await kube.read("a"), "1");
  assert.equal((await kcfg.status()).sources[0]?.mode, "poll");
});

Deno.test("reload says which right it lacks", async () => {
  await using kube = await cluster([]);
  kube.server.put(configMap("app", { a: "1" }));
  await using kcfg = kube.run("--configmap=app");
  assert.equal(await kcfg.exitCode(), 1);
  assert.match(kcfg.stderr(), /configmaps/);
  assert.match(kcfg.stderr(), /print-rbac/);
});

/** What may happen to the watch and to every request behind it until it is over. */
const OUTAGES: Readonly<Record<string, Fault>> = {
  "refused connections": { kind: "refuse" },
  "401": { kind: "status", code: 401 },
  "403": { kind: "status", code: 403 },
  "410": { kind: "status", code: 410 },
  "429": { kind: "status", code: 429, retryAfterSeconds: 1 },
  "500": { kind: "status", code: 500 },
  "answers that are cut": { kind: "truncate", bytes: 40, how: "cut" },
  "slow answers": { kind: "delay", ms: 300 },
};

Deno.test("reload: an outage touches no file, and the newest content follows it", async (t) => {
  for (const [name, fault] of Object.entries(OUTAGES)) {
    await t.step(name, async () => {
      await using kube = await cluster();
      kube.server.put(configMap("app", { a: "1", b: "1" }));
      await using kcfg = await kube.start("--configmap=app", "--", "sleep", "60");
      await untilReady(kcfg);
      const before = await kcfg.status();
      const injected = kube.server.inject(fault, { resource: "configmaps", times: Infinity });
      kube.server.cutConnections();
      // Not before the connection is lost, which could still bring the change.
      if (fault.kind !== "delay") {
        await eventually("the outage is noticed", () => injected.hits > 0);
      }
      kube.server.put(configMap("app", { a: "2" }));
      kube.server.put(configMap("app", { a: "3" }));
      if (fault.kind !== "delay") {
        assert.equal(await kube.read("b"), "1");
        assert.equal(await kcfg.answer("/healthz"), 200);
        assert.equal(await kcfg.answer("/readyz"), 200);
      }
      injected.remove();
      await eventually("the newest is there", async () => await kube.read("a") === "3", {
        withinMs: 4900,
      });
      assert.equal((await kcfg.status()).child?.pid, before.child?.pid);
      await eventually("the other is gone", async () => (await kube.names()).join() === "a");
    });
  }
});

Deno.test("reload goes on while the server is down, and takes the newest when it is back", async () => {
  await using kube = await cluster();
  kube.server.put(configMap("app", { a: "1" }));
  await using kcfg = await kube.start("--configmap=app");
  await untilReady(kcfg);
  await kube.server.pause();
  await eventually("it is told", () => kcfg.stderr().includes("API server cannot be followed"));
  assert.equal(await kcfg.metric("kcfg_reload_api_up"), 0);
  assert.equal(await kcfg.answer("/healthz"), 200);
  kube.server.put(configMap("app", { a: "2" }));
  assert.equal(await kube.read("a"), "1");
  await kube.server.resume();
  await eventually("the newest is there", async () => await kube.read("a") === "2", {
    withinMs: 4900,
  });
  await eventually("the API is up", async () => await kcfg.metric("kcfg_reload_api_up") === 1);
});

Deno.test({
  name: `reload follows a ConfigMap of a real API server with the rights it prints${
    missing === undefined ? "" : ` (ignored: ${missing})`
  }`,
  ignore: missing !== undefined,
  async fn() {
    assert.ok(!("unavailable" in plane));
    const { admin } = plane;
    await using namespace = await testNamespace(admin);
    const configMaps = `/api/v1/namespaces/${namespace.name}/configmaps`;
    const write = writer(admin);
    await write("POST", configMaps, { metadata: { name: "app" }, data: { a: "1" } });
    await using dir = await tempDir();
    const root = `${dir.path}/config`;
    const objects = [
      ...[`--configmap=${namespace.name}/app`, `--configroot=${root}`, "--events"],
    ];
    await using printing = startKcfg(["reload", "--print-rbac", ...objects]);
    assert.equal(await printing.exitCode(), 0, printing.stderr());
    await applyRbac(admin, printing.stdout());
    const account = { namespace: namespace.name, name: "kcfg-reload" };
    await using kcfg = await startReload([
      ...[...objects, "--reload-command=true", "--kubeconfig=/dev/null"],
      ...["--server", plane.url, "--certificate-authority"],
      ...[await dir.write("ca.pem", admin.caPem ?? ""), "--token-file"],
      await dir.write("token", await createToken(admin, account)),
    ], { env: { POD_NAME: "app-0", POD_NAMESPACE: namespace.name } });
    await untilReady(kcfg);
    await write("PATCH", `${configMaps}/app`, { data: { a: null, b: "2" } });
    await eventually("the change is there", async () => {
      return (await Deno.readTextFile(`${root}/b`).catch(() => "")) === "2";
    });
    await eventually("the Event is there", async () => {
      const { text } = await plainRequest(admin, {
        path: `/api/v1/namespaces/${namespace.name}/events`,
      });
      return text.includes('"ConfigReloaded"') && text.includes('"component":"kcfg-reload"');
    });
    await write("DELETE", `${configMaps}/app`);
    await eventually("the deletion is told", () => kcfg.stderr().includes("was deleted"));
    assert.equal(await Deno.readTextFile(`${root}/b`), "2");
    await eventually("its Event is there", async () => {
      const { text } = await plainRequest(admin, {
        path: `/api/v1/namespaces/${namespace.name}/events`,
      });
      return text.includes('"ConfigSourceMissing"');
    });
  },
});

Deno.test("the demo of reload ends well", async () => {
  const { code, stdout: text } = await runDemo("reload");
  assert.equal(code, 0, text);
  assert.match(text, /application: reloaded, workers = 32/);
});
