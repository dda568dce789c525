/**
 * `kcfg reload` under load and on a link that goes silent. `KCFG_TEST_STORM_S` says how many seconds of fifty changes
 * a second, 3 by default; the specification asks for 60.
 */

import { openLightTls } from "#lib/kube/transport/deno.ts";
import assert from "node:assert/strict";
import { createKubeClient } from "#lib/kube/client.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { systemClock } from "#lib/run/clock.ts";
import { createObjectSource } from "../../../commands/reload/sources/object_source.ts";
import { eventually } from "#tests/support/eventually.ts";
import { type KubeServer, startKubeServer } from "#tests/support/kube_server.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { startReloadTarget } from "#tests/support/reload_target.ts";
import { startRelay } from "#tests/support/tls_server.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const STORM_SECONDS = Number(Deno.env.get("KCFG_TEST_STORM_S") ?? "3");

function put(server: KubeServer, value: string): void {
  const metadata = { name: "app", namespace: "team" };
  server.put({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { value } });
}

async function follower(...args: string[]) {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const server = stack.use(await startKubeServer());
  const target = stack.use(startReloadTarget());
  put(server, "0");
  const root = `${dir.path}/config`;
  const kcfg = stack.use(
    await startReload([
      ...["--kubeconfig", await dir.write("kubeconfig", server.kubeconfig({})), "-n", "team"],
      ...["--configmap=app", `--configroot=${root}`, `--reload-http=${target.url}`, ...args],
    ]),
  );
  await untilReady(kcfg);
  await eventually("the start is told", () => target.requests.length === 1);
  const owned = stack.move();
  return {
    server,
    target,
    kcfg,
    read: () => Deno.readTextFile(`${root}/value`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Changes the object `count` times, `everyMs` apart. */
async function change(server: KubeServer, count: number, everyMs: number): Promise<void> {
  const startedAt = performance.now();
  for (let value = 1; value <= count; value++) {
    put(server, String(value));
    const restMs = startedAt + value * everyMs - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

Deno.test("reload: 100 changes of an object in a second end in the last content with few reloads", async () => {
  await using it = await follower("--reload-min-interval=0");
  await change(it.server, 100, 10);
  await eventually("the last is there", async () => await it.read() === "100");
  await eventually("the last is told", async () => {
    const { hash, lastReloadHash } = await it.kcfg.status();
    return hash === lastReloadHash && it.target.requests.at(-1)?.hash === hash;
  });
  assert.ok(it.target.requests.length <= 10, `${it.target.requests.length} reloads`);
});

Deno.test(`reload: 50 changes a second for ${STORM_SECONDS} s, a reload a second, the last one at the end`, async () => {
  await using it = await follower();
  const changes = STORM_SECONDS * 50;
  await change(it.server, changes, 20);
  const endedAt = performance.now();
  await eventually("the last is there", async () => await it.read() === String(changes));
  const lateMs = performance.now() - endedAt;
  // The longest time that a change may be held back, and a second.
  assert.ok(lateMs <= 3000, `${lateMs} ms after the last change`);
  await eventually("the last is told", async () => {
    const { hash, lastReloadHash } = await it.kcfg.status();
    return hash === lastReloadHash;
  });
  const runs = it.target.requests.length;
  assert.ok(runs <= STORM_SECONDS + 3, `${runs} reloads`);
  const gaps = it.target.requests.slice(1).map(({ at }, index) =>
    at - (it.target.requests[index]?.at ?? 0)
  );
  // A request may be late and the next one on time, so that a gap is shorter than the one between the starts.
  assert.ok(gaps.every((gap) => gap > 800), gaps.join(", "));
});

Deno.test("reload: a half-open connection touches nothing, and the newest content follows it", async () => {
  await using server = await startKubeServer();
  await using relay = await startRelay(server.port);
  put(server, "1");
  const log = new CapturedLog();
  await using stack = new AsyncDisposableStack();
  const client = createKubeClient({
    ...{ scope: unrestricted(), logger: log },
    config: {
      server: `https://127.0.0.1:${relay.port}`,
      certificateAuthority: { text: server.caPem },
    },
    // The usual 30 s and 15 s, shortened.
    transportOptions: { openLightTls, pingIntervalMs: 300, pingTimeoutMs: 300 },
  });
  stack.defer(() => client.close());
  const source = createObjectSource({
    ...{ kind: "configmap", namespace: "team", name: "app", folder: "" },
    ...{ missing: "fail", onDelete: "keep", onEmpty: "apply" },
    ...{ startupTimeoutMs: 4000, resyncMs: 0 },
  }, { client, clock: systemClock, log });
  const stopping = new AbortController();
  await source.load(stopping.signal);
  let changes = 0;
  const following = source.follow({
    onChange: () => void (changes += 1),
    onFailure() {},
    onForced() {},
    onMissing: (title) => assert.fail(title),
    onEnd: (reason) => assert.fail(reason),
  }, stopping.signal);
  const value = () => new TextDecoder().decode(source.parts()[0]?.entries.get("value"));
  await eventually("the watch is open", () => server.watches().length > 0);
  relay.freeze();
  put(server, "2");
  put(server, "3");
  // Nothing comes through, and nothing is made of that.
  assert.deepEqual([value(), changes], ["1", 0]);
  await eventually("the newest counts", () => value() === "3", { withinMs: 4900 });
  assert.ok(changes >= 1);
  assert.equal(relay.connections(), 2);
  stopping.abort();
  await following;
});
