/**
 * serve-config with faults of peers, backend, broker and API server while clients read and objects change: no
 * answer is older than an acknowledged refresh unless it says so, and memory, timers and sockets stay flat. Half a
 * minute by default; `deno task soak:serve-config` an hour, or as many milliseconds as `KCFG_TEST_SOAK_MS` says.
 */

import assert from "node:assert/strict";
import { BusPublisher } from "#tests/support/bus_publisher.ts";
import { controlPlane } from "#tests/support/control_plane.ts";
import { rabbitMqUnavailable } from "#tests/support/rabbitmq.ts";
import { oneOf, pause, strike } from "./serve_config_soak/faults.ts";
import type { FaultKind, Trouble } from "./serve_config_soak/faults.ts";
import { startWorld } from "./serve_config_soak/world.ts";
import type { Asked, World } from "./serve_config_soak/world.ts";

const IS_LONG = Deno.env.get("KCFG_TEST_SOAK") === "1";
const SOAK_MS = Number(Deno.env.get("KCFG_TEST_SOAK_MS") ?? (IS_LONG ? 3_600_000 : 20_000));
const SAMPLES = 12;
const CLIENTS = 6;
const MAX_FAULT_MS = IS_LONG ? 3000 : 800;
const MAX_CALM_MS = IS_LONG ? 4000 : 700;
/** A client's pause between two requests; an hour is not about load. */
const THINK_MS = IS_LONG ? 25 : 5;
/** A webhook that took longer was answered without waiting for a peer that did not answer. */
const TOLD_MS = 1800;
const MIB = 1024 * 1024;

const plane = await controlPlane();
const noBroker = await rabbitMqUnavailable();

Deno.test({
  name: "serve-config survives what goes wrong around it",
  ignore: "unavailable" in plane || noBroker !== undefined,
  // The broker's client keeps a timer for a moment when its broker is killed.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    if ("unavailable" in plane) return;
    await using world = await startWorld(plane);
    await soak(world);
  },
});

interface Sample {
  readonly atS: number;
  /** Of the process that lives through it, MiB. */
  readonly rss: number;
  /** Its open files, sockets among them. */
  readonly files: number;
  /** Pending in the replica of this process. */
  readonly timers: number;
}

interface Tally {
  answers: number;
  stale: number;
  failed: number;
  changes: number;
  acknowledged: number;
  readonly wrong: string[];
}

async function soak(world: World): Promise<void> {
  const { truth, steady, inner, clock } = world;
  const trouble: Trouble = { counts: new Map(), now: undefined, epoch: 0 };
  const tally: Tally = { answers: 0, stale: 0, failed: 0, changes: 0, acknowledged: 0, wrong: [] };
  const startedAt = performance.now();
  const isOver = () => performance.now() - startedAt > SOAK_MS || tally.wrong.length > 0;
  for (const key of truth.keys()) {
    for (const one of everybody(world)) await (await one.fetch(key)).body?.cancel();
  }
  const clients = Array.from({ length: CLIENTS }, () => read(world, { trouble, tally, isOver }));
  const writer = write(world, { trouble, tally, isOver });
  const samples: Sample[] = [];
  const sample = async () => {
    samples.push({
      atS: Math.round((performance.now() - startedAt) / 1000),
      ...await usage(steady.process.pid),
      timers: clock.pending,
    });
    inner.log.lines.length = 0;
    if (IS_LONG) {
      say(`${JSON.stringify(samples.at(-1))} ${JSON.stringify({ ...tally, wrong: undefined })}`);
    }
  };
  const kinds: FaultKind[] = ["backend", "peer", "api", "broker"];
  for (let fault = 0; !isOver(); fault++) {
    await pause(Math.random() * MAX_CALM_MS);
    // Each kind in turn, so that a short run has seen them all.
    await strike(kinds[fault % kinds.length] ?? "backend", trouble, { world, maxMs: MAX_FAULT_MS });
    if (performance.now() - startedAt > (samples.length + 1) * SOAK_MS / SAMPLES) await sample();
  }
  await Promise.all([...clients, writer]);
  assert.deepEqual(tally.wrong, [], `${steady.process.stderr().slice(-3000)}`);
  await sample();
  await allFresh(world);
  say(
    `${tally.answers} answers (${tally.stale} marked stale, ${tally.failed} failed while the ` +
      `backend or their replica did), ${tally.changes} changes, ${tally.acknowledged} acknowledged, ` +
      `faults ${JSON.stringify(Object.fromEntries(trouble.counts))}, ` +
      `${JSON.stringify(samples[1])} to ${JSON.stringify(samples.at(-1))}`,
  );
  checkFlat(samples);
  assert.ok(tally.acknowledged > 0 && tally.answers > 100);
}

interface Run {
  readonly trouble: Trouble;
  readonly tally: Tally;
  readonly isOver: () => boolean;
}

function everybody({ steady, inner, victim }: World): readonly Asked[] {
  return [steady, inner, victim()];
}

/** One client after another request. */
async function read(world: World, { trouble, tally, isOver }: Run): Promise<void> {
  const { truth } = world;
  while (!isOver()) {
    const key = oneOf(truth.keys());
    const asked = oneOf(everybody(world));
    const floor = truth.floorOf(key);
    const [epoch, before] = [trouble.epoch, trouble.now];
    const hasTrouble = (kind: FaultKind) =>
      before === kind || trouble.now === kind || trouble.epoch !== epoch;
    try {
      const answer = await asked.fetch(key, { signal: AbortSignal.timeout(15_000) });
      const cacheStatus = answer.headers.get("cache-status") ?? "";
      const body = await answer.text();
      const wrong = truth.verdict({ key, status: answer.status, body, cacheStatus, floor });
      if (wrong !== undefined) tally.wrong.push(wrong);
      if (answer.status === 502) {
        tally.failed += 1;
        if (!hasTrouble("backend")) tally.wrong.push(`${key}: 502 "${body}" of a sound backend`);
      }
      if (cacheStatus.includes("stale-if-error")) tally.stale += 1;
      tally.answers += 1;
    } catch (error) {
      tally.failed += 1;
      const isVictim = asked !== world.steady && asked !== world.inner;
      if (!isVictim || !hasTrouble("peer")) tally.wrong.push(`${key}: ${error}`);
    }
    await pause(THINK_MS);
  }
}

/** Changes one application after another and tells of it, by webhook or by bus. */
async function write(world: World, { trouble, tally, isOver }: Run): Promise<void> {
  const { truth, broker } = world;
  while (!isOver()) {
    await pause(Math.random() * 200);
    const app = oneOf(truth.apps);
    truth.change(app);
    tally.changes += 1;
    const [epoch, before] = [trouble.epoch, trouble.now];
    const isSound = () => before === undefined && trouble.epoch === epoch;
    if (Math.random() < 0.7) {
      // Those that are never away: a webhook that nobody got is sent again by its sender.
      const asked = oneOf<Asked>([world.steady, world.inner]);
      const sentAt = performance.now();
      const answer = await asked.fetch("/monitor", {
        method: "POST",
        body: `{"path":"${app}.yml"}`,
      });
      assert.deepEqual(await answer.json(), [app]);
      if (!isSound() && before !== "backend" && before !== "broker" && before !== "api") continue;
      if (trouble.now === "peer" || performance.now() - sentAt > TOLD_MS) continue;
    } else {
      if (!isSound()) continue;
      const isSent = await publish(broker.url, app);
      if (!isSent || !await untilFresh(world, app, isSound)) {
        if (isSent && isSound()) tally.wrong.push(`${app}: not fresh 4 s after an event`);
        continue;
      }
    }
    truth.acknowledge(app);
    tally.acknowledged += 1;
  }
}

async function publish(url: string, app: string): Promise<boolean> {
  try {
    await using publisher = await BusPublisher.open(url);
    publisher.refresh(`${app}:**`);
    return true;
  } catch {
    // The broker is away.
    return false;
  }
}

/** Whether everybody has the newest version of an application within 4 s, or as long as all is sound. */
async function untilFresh(
  world: World,
  app: string,
  isSound: () => boolean,
): Promise<boolean> {
  const deadline = performance.now() + 4000;
  while (performance.now() < deadline && isSound()) {
    const isFresh = await Promise.all(
      everybody(world).flatMap((one) =>
        world.truth.keys(app).map((key) => isNewest(world, one, key))
      ),
    );
    if (isFresh.every((one) => one)) return true;
    await pause(10);
  }
  return false;
}

async function isNewest({ truth }: World, asked: Asked, key: string): Promise<boolean> {
  try {
    const answer = await asked.fetch(key);
    return await answer.text() === `${key}@${truth.versionOf(key)}\n`;
  } catch {
    // It was killed; the caller asks whether all is sound.
    return false;
  }
}

/** In the end, with everything sound again, all have the newest version of everything. */
async function allFresh(world: World): Promise<void> {
  const { truth, steady } = world;
  const told = await steady.fetch("/actuator/busrefresh", { method: "POST" });
  assert.equal(told.status, 204);
  const isFresh = await Promise.all(
    truth.apps.map((app) => untilFresh(world, app, () => true)),
  );
  assert.deepEqual(isFresh, truth.apps.map(() => true));
}

async function usage(pid: number): Promise<Pick<Sample, "rss" | "files">> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  let files = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) files += 1;
  return { rss: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024 / MIB), files };
}

function checkFlat(samples: readonly Sample[]): void {
  for (const { timers, files } of samples) {
    assert.ok(timers <= 60, `${timers} timers`);
    assert.ok(files <= 200, `${files} open files`);
  }
  // A short run is the time in which everything is made for the first time.
  if (!IS_LONG) return;
  const [, settled] = samples;
  const last = samples.at(-1);
  assert.ok(settled !== undefined && last !== undefined, "too short for samples");
  assert.ok(last.rss <= settled.rss * 1.2 + 16, `memory ${settled.rss} to ${last.rss} MiB`);
  assert.ok(last.files <= settled.files + 30, `files ${settled.files} to ${last.files}`);
  assert.ok(last.timers <= settled.timers + 20, `timers ${settled.timers} to ${last.timers}`);
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
