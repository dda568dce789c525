/** `kcfg reload` with fewer rights than it wants: what it does with them, and what it says. */

import assert from "node:assert/strict";
import { createKubeClient } from "#lib/kube/client.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { type Clock, systemClock } from "#lib/run/clock.ts";
import { createObjectSource } from "../../../commands/reload/sources/object_source.ts";
import { eventually } from "#tests/support/eventually.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { untilReady } from "#tests/support/reload.ts";
import { configMap, startReloadCluster } from "#tests/support/reload_cluster.ts";

const GET_ONLY = {
  ...{ apiGroups: [""], resources: ["configmaps"], resourceNames: ["app"], verbs: ["get"] },
};

Deno.test("reload asks for the object again and again where watching is denied", async () => {
  await using kube = await startReloadCluster([GET_ONLY]);
  kube.server.put(configMap("app", { a: "1" }));
  await using kcfg = await kube.start("--configmap=app");
  await untilReady(kcfg);
  assert.equal(await kube.read("a"), "1");
  assert.equal((await kcfg.status()).sources[0]?.mode, "poll");
});

Deno.test("reload says which right it lacks", async () => {
  await using kube = await startReloadCluster([]);
  kube.server.put(configMap("app", { a: "1" }));
  await using kcfg = kube.run("--configmap=app");
  assert.equal(await kcfg.exitCode(), 1);
  assert.match(kcfg.stderr(), /configmaps/);
  assert.match(kcfg.stderr(), /print-rbac/);
});

/** The source of an object, without a process around it: half a minute between two questions is too long for a test. */
async function impatientSource() {
  await using stack = new AsyncDisposableStack();
  const kube = stack.use(await startReloadCluster([GET_ONLY]));
  const impatient: Clock = {
    ...systemClock,
    timer: (callback, delayMs, options) =>
      systemClock.timer(callback, delayMs > 20_000 ? 50 : delayMs, options),
  };
  const client = createKubeClient({
    config: {
      server: kube.server.url,
      certificateAuthority: { text: kube.server.caPem },
      token: { text: "follower" },
    },
    scope: unrestricted(),
  });
  stack.defer(() => client.close());
  const log = new CapturedLog();
  const source = createObjectSource({
    ...{ kind: "configmap", namespace: "team", name: "app", folder: "", missing: "wait" },
    ...{ onDelete: "keep", onEmpty: "apply", startupTimeoutMs: 4000, resyncMs: 0 },
  }, { client, clock: impatient, log });
  const owned = stack.move();
  return { kube, source, log, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

Deno.test("reload waits for an object that it may only ask for, and asks for it when it is forced", async () => {
  await using it = await impatientSource();
  const { kube, source, log } = it;
  const { signal } = new AbortController();
  const loaded = source.load(signal);
  await eventually("it waits", () => log.messages().some((text) => text.startsWith("waiting for")));
  kube.server.put(configMap("app", { a: "1" }));
  await loaded;
  const text = () => new TextDecoder().decode(source.parts()[0]?.entries.get("a"));
  assert.equal(text(), "1");
  kube.server.put(configMap("app", { a: "2" }));
  await source.refresh(signal);
  assert.equal(text(), "2");
  assert.deepEqual(source.status().map(({ mode, error }) => [mode, error]), [["poll", undefined]]);
});

Deno.test("reload says that an object cannot be asked for any more, once, and when it can be again", async () => {
  await using it = await impatientSource();
  const { kube, source, log } = it;
  kube.server.put(configMap("app", { a: "1" }));
  const stopping = new AbortController();
  await source.load(stopping.signal);
  let failures = 0;
  const following = source.follow({
    onChange() {},
    onFailure: () => failures += 1,
    onForced() {},
    onMissing() {},
    onEnd() {},
  }, stopping.signal);
  kube.server.inject({ kind: "status", code: 403 }, { times: Infinity });
  await eventually("it was denied", () => failures > 1);
  const away = "API server cannot be followed, files stay as they are";
  assert.equal(log.messages().filter((text) => text === away).length, 1);
  kube.server.clearFaults();
  await eventually("it is back", () => log.messages().at(-1) === "API server is followed again");
  stopping.abort();
  await following;
});

Deno.test("reload says on /healthz that a selection is forbidden, as long as it starts", async () => {
  await using kube = await startReloadCluster([]);
  await using kcfg = await kube.start("--selector=a=b", "--startup-timeout=0");
  await eventually("it says so", async () => {
    const response = await fetch(`${kcfg.base}/healthz`);
    return (await response.text()).includes("source_forbidden") && response.status === 503;
  });
  const { state, sources } = await kcfg.status();
  assert.equal(state, "starting");
  assert.match(sources[0]?.error ?? "", /forbidden/);
});
