/** `kcfg reload` on ConfigMaps and Secrets behind an API server: which files become of them. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { runDemo } from "#tests/support/process.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { configMap, startReloadCluster } from "#tests/support/reload_cluster.ts";

function secret(name: string, data: Record<string, string>) {
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "team" }, data };
}

Deno.test("reload writes ConfigMaps and Secrets, text and bytes, each into its folder", async () => {
  await using kube = await startReloadCluster();
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
  await using kube = await startReloadCluster();
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
  await using kube = await startReloadCluster();
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
  await using kube = await startReloadCluster();
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

Deno.test("reload notices that an object was deleted while its start waited for another one", async () => {
  await using kube = await startReloadCluster();
  kube.server.put(configMap("first", { a: "1" }));
  await using kcfg = await kube.start(
    ...["--configmap=first", "--configmap=second", "--missing=wait", "--on-delete=exit"],
  );
  await eventually("it waits", () => kcfg.logLine("waiting for an object that is not there"));
  kube.server.remove(configMap("first", {}));
  await eventually("its watch says so", async () => {
    const text = await (await fetch(`${kcfg.base}/metrics`)).text();
    return /^kcfg_reload_watch_events_total\{type="DELETED"\} 1$/m.test(text);
  });
  kube.server.put(configMap("second", { b: "2" }));
  assert.equal(await kcfg.exitCode(), 1, kcfg.stderr());
  assert.match(kcfg.stderr(), /configmap team\/first was deleted/);
});

Deno.test("reload without its object ends with 1, waits, or goes on empty, as it is told", async (t) => {
  await using kube = await startReloadCluster();
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

Deno.test("reload writes an Event of the first failure of an application that need not be told at the start", async () => {
  await using kube = await startReloadCluster();
  kube.server.put(configMap("app", { a: "1" }));
  await using kcfg = await startReload([
    ...["--kubeconfig", kube.kubeconfig, "--configmap=team/app", `--configroot=${kube.root}`],
    ...["--events", "--reload-on-start=never", "--reload-command=false"],
  ], { env: { POD_NAME: "app-0", POD_NAMESPACE: "team" } });
  await untilReady(kcfg);
  kube.server.put(configMap("app", { a: "2" }));
  const failures = async () => await kcfg.metric("kcfg_reload_reload_failures_total");
  await eventually("it has failed twice", async () => await failures() >= 2);
  const notWritten = kcfg.stderr().split("\n").filter((line) => line.includes("not written"));
  assert.ok(notWritten.length <= 1, kcfg.stderr());
  kube.server.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
  const event = await eventually("there is an Event", () => kube.server.list("v1", "Event")[0]);
  assert.deepEqual([event["reason"], event["type"]], ["ConfigReloadFailed", "Warning"]);
});

Deno.test("the demo of reload ends well", async () => {
  const { code, stdout: text } = await runDemo("reload");
  assert.equal(code, 0, text);
  assert.match(text, /application: reloaded, workers = 32/);
});
