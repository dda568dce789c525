/**
 * The table of failures (serve-config.md 15): what a client sees of each. Rows about peers, the bus and listeners
 * are in `ring/`, `tests/integration/serve_config_bus_test.ts` and `app_test.ts`.
 */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startFaultyBackend } from "#tests/support/faulty_backend.ts";
import type { BackendFault, FaultyBackend } from "#tests/support/faulty_backend.ts";
import { joinRing, startReplica } from "#tests/support/replicas.ts";
import type { Replica } from "#tests/support/replicas.ts";

const MIB = 1024 * 1024;

interface Setup extends AsyncDisposable {
  readonly backend: FaultyBackend;
  readonly replica: Replica;
  readonly clock: ManualClock;
  /** Objects of the backend by path. */
  readonly objects: Map<string, string>;
  /** What a client gets: status, body, and what the cache says of it. */
  ask(path: string): Promise<readonly [number, string, string | undefined]>;
}

async function setup(flags: Readonly<Record<string, string>> = {}): Promise<Setup> {
  const objects = new Map([["/a.yml", "k: v\n"]]);
  const backend = await startFaultyBackend((path) => objects.get(path));
  const clock = new ManualClock();
  const replica = await startReplica({ backend: backend.url, ttl: "10s", ...flags }, {}, { clock });
  return {
    ...{ backend, replica, clock, objects },
    async ask(path) {
      const answer = await replica.fetch(path);
      const detail = /detail=([\w-]+)/.exec(answer.headers.get("cache-status") ?? "")?.[1];
      if (detail === "stale-if-error") {
        assert.equal(answer.headers.get("warning"), '110 - "Response is Stale"');
      }
      return [answer.status, await answer.text(), detail];
    },
    async [Symbol.asyncDispose]() {
      await replica.app.stop();
      await backend.stop();
    },
  };
}

const DOWN = [502, "error status from backend: 0", undefined] as const;

Deno.test("a backend that is down: what is fresh is served", async () => {
  await using it = await setup();
  assert.deepEqual(await it.ask("/a.yml"), [200, "k: v\n", "backend"]);
  await it.backend.stop();
  await it.clock.advance(10_000);
  assert.deepEqual(await it.ask("/a.yml"), [200, "k: v\n", "main"]);
  assert.deepEqual(await it.ask("/never-seen.yml"), DOWN);
});

Deno.test("a backend that is down: what has expired is served as stale for its time, then not", async () => {
  await using it = await setup({ "stale-if-error": "5m" });
  await it.ask("/a.yml");
  await it.backend.stop();
  await it.clock.advance(10_001);
  assert.deepEqual(await it.ask("/a.yml"), [200, "k: v\n", "stale-if-error"]);
  await it.clock.advance(299_999);
  assert.deepEqual(await it.ask("/a.yml"), [200, "k: v\n", "stale-if-error"]);
  await it.clock.advance(31_000);
  assert.deepEqual(await it.ask("/a.yml"), DOWN);
  await it.backend.start();
  assert.deepEqual(await it.ask("/a.yml"), [200, "k: v\n", "backend"]);
});

Deno.test("a backend that hangs or never ends its body: 502 after its time, or stale", async (t) => {
  for (const fault of ["hang", "slow"] as const) {
    await t.step(fault, async () => {
      await using it = await setup({ "backend-timeout": "30s" });
      it.objects.set("/b.yml", "never: whole\n");
      await it.ask("/a.yml");
      it.backend.fault = fault;
      await it.clock.advance(10_001);
      const asking = Promise.all([it.ask("/a.yml"), it.ask("/b.yml"), it.ask("/b.yml")]);
      await eventually("it was asked for both", () => it.backend.asked === 3);
      await it.clock.advance(30_000);
      assert.deepEqual(await asking, [[200, "k: v\n", "stale-if-error"], DOWN, DOWN]);
    });
  }
});

Deno.test("a backend that answers 500, or breaks off: 502 with its status, or stale", async (t) => {
  const faults: [BackendFault, number][] = [["error", 500], ["cut", 0], ["reset", 0]];
  for (const [fault, status] of faults) {
    await t.step(fault, async () => {
      await using it = await setup();
      it.objects.set("/b.yml", "never: whole\n");
      await it.ask("/a.yml");
      it.backend.fault = fault;
      await it.clock.advance(10_001);
      assert.deepEqual(await it.ask("/a.yml"), [200, "k: v\n", "stale-if-error"]);
      assert.deepEqual(await it.ask("/b.yml"), [
        502,
        `error status from backend: ${status}`,
        undefined,
      ]);
      it.backend.fault = undefined;
      await it.clock.advance(1000);
      assert.deepEqual(await it.ask("/a.yml"), [200, "k: v\n", "backend"]);
    });
  }
});

Deno.test("a backend that answers 404: 404, and what was kept is gone", async () => {
  await using it = await setup();
  assert.deepEqual(await it.ask("/b.yml"), [404, "not found", undefined]);
  assert.equal(it.backend.asked, 1);
  await it.ask("/a.yml");
  it.objects.clear();
  await it.clock.advance(10_001);
  assert.deepEqual(await it.ask("/a.yml"), [404, "not found", undefined]);
  await it.backend.stop();
  assert.deepEqual(await it.ask("/a.yml"), DOWN, "it is not kept for an outage either");
});

Deno.test("without a cache failures have the statuses that they have with it", async () => {
  await using it = await setup({ cache: "false" });
  assert.deepEqual(await it.ask("/a.yml"), [200, "k: v\n", "backend"]);
  assert.deepEqual(await it.ask("/b.yml"), [404, "not found", undefined]);
  it.backend.fault = "error";
  assert.deepEqual(await it.ask("/a.yml"), [502, "error status from backend: 500", undefined]);
  await it.backend.stop();
  assert.deepEqual(await it.ask("/a.yml"), DOWN);
});

Deno.test("an object of 10 MB: 502 above the limit, served and not kept above an eighth of the cache", async () => {
  await using it = await setup();
  const large = "x".repeat(10 * MIB);
  it.objects.set("/large.bin", large);
  assert.deepEqual(await it.ask("/large.bin"), [502, "backend object too large", undefined]);
  await using wide = await setup({ "max-object-bytes": `${16 * MIB}` });
  wide.objects.set("/large.bin", large);
  for (const asked of [2, 3]) {
    await wide.ask("/a.yml");
    const [status, body] = await wide.ask("/large.bin");
    assert.deepEqual([status, body === large, wide.backend.asked], [200, true, asked]);
  }
});

Deno.test("a backend that is stopped for ten minutes turns no client away, at three replicas", async () => {
  const keys = Array.from({ length: 20 }, (_, at) => `/app-${at}.yml`);
  await using backend = await startFaultyBackend((path) => `${path}\n`);
  const clock = new ManualClock();
  await using stack = new AsyncDisposableStack();
  const flags = { backend: backend.url, ttl: "1s" };
  const replicas = await Promise.all([1, 2, 3].map(() => startReplica(flags, {}, { clock })));
  for (const { app } of replicas) stack.defer(() => app.stop());
  joinRing(replicas);
  for (const replica of replicas) {
    for (const key of keys) assert.equal(await replica.text(key), `${key}\n`);
  }
  await backend.stop();
  let marked = 0;
  await clock.advance(1001);
  for (let seconds = 0; seconds < 600; seconds += 15) {
    for (const replica of replicas) {
      for (const key of keys) {
        const answer = await replica.fetch(key);
        assert.deepEqual([answer.status, await answer.text()], [200, `${key}\n`]);
        if (answer.headers.get("cache-status")?.includes("stale-if-error")) marked += 1;
      }
    }
    await clock.advance(15_000);
  }
  assert.equal(marked, 40 * replicas.length * keys.length, "every one of them says that it is old");
});

Deno.test("an API server that is away at the start leaves a ring of one, which is not ready for a minute", async () => {
  await using backend = await startFaultyBackend(() => "k: v\n");
  const clock = new ManualClock();
  const flags = {
    backend: backend.url,
    "peer-discovery": "kubernetes",
    server: "https://127.0.0.1:9",
    "peer-label-selector": "app=kcfg",
  };
  const env = { POD_NAME: "me", POD_NAMESPACE: "default" };
  const replica = await startReplica(flags, env, { clock });
  try {
    assert.equal(await replica.text("/a.yml"), "k: v\n");
    const discovery = async () => {
      const answer = await replica.fetch("/readyz", { listener: "health" });
      return [answer.status, (await answer.json()).checks.discovery.status];
    };
    assert.deepEqual(await discovery(), [503, "fail"]);
    await clock.advance(60_000);
    assert.deepEqual(await discovery(), [200, "warn"]);
    assert.equal(await replica.metric("kubegroup_peers"), 1);
  } finally {
    await replica.app.stop();
  }
});
