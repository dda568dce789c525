/** The apply cycle by hand-moved time: what is due is told, whatever the wall clock or the order of failures is. */

import assert from "node:assert/strict";
import { resolveFlags } from "#lib/cli/resolve_flags.ts";
import { type Logger, silentLogger } from "#lib/log/logger.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { symlinks } from "#tests/support/reload_layouts.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import type { ReloadRun } from "./actions/action.ts";
import { ApplyCycle } from "./cycle.ts";
import type { Layout } from "./disk/layout.ts";
import { FLAGS } from "./flag_table.ts";
import { createReloadMetrics } from "./metrics.ts";
import { RefusedVersion } from "./payload/payload.ts";
import { newFacts, stateOf } from "./state.ts";
import { toOptions } from "./to_options.ts";
import { Writer } from "./writer.ts";

/** A clock whose wall time somebody sets. */
class SetClock extends ManualClock {
  wallOffsetMs = 0;

  override now(): number {
    return super.now() + this.wallOffsetMs;
  }
}

/** Gives the reason why the application does not take a text; by default it takes all. */
type Application = (text: string) => string | undefined;

/** A cycle over one file `a`, and an application that notes what it was told. */
function startCycle(
  flags: Record<string, string>,
  { layout, application = () => undefined, random = 0, log = silentLogger }: {
    readonly layout?: Layout;
    readonly log?: Logger;
    readonly application?: Application;
    readonly random?: number;
  } = {},
) {
  const resolved = resolveFlags(FLAGS, {
    flags: { configmap: "app", configroot: "/c", "reload-action": "none", ...flags },
    env: {},
    command: "reload",
  });
  const options = toOptions(resolved, { passthrough: undefined, positionals: [] }, "/");
  const clock = new SetClock();
  const facts = newFacts();
  const shown = new Metrics();
  const metrics = createReloadMetrics(shown, options, { facts, sources: [], child: undefined });
  const told: string[] = [];
  let text = "1";
  const writer = new Writer(options, { layout, clock, log, env: {} });
  const action = {
    name: "none" as const,
    run({ reason }: ReloadRun) {
      const content = new TextDecoder().decode(writer.visible.get("a"));
      told.push(`${reason} ${content}`);
      const problem = application(content);
      return problem === undefined ? Promise.resolve() : Promise.reject(new Error(problem));
    },
  };
  const cycle = new ApplyCycle(options, {
    ...{ clock, log, env: {}, writer, actions: [action], facts, metrics },
    random: () => random,
    announce: () => {},
    save: () => {},
    removeOld: async (...rest) => await layout?.removeOld(...rest) ?? false,
    parts: () => [{
      source: "configmap x/app",
      folder: "",
      entries: new Map(text === "" ? [] : [["a", new TextEncoder().encode(text)]]),
      keepsOld: options.onEmpty === "keep",
    }],
  });
  const stopping = new AbortController();
  let running = Promise.resolve();
  return {
    ...{ clock, facts, told, cycle },
    visible: () => new TextDecoder().decode(writer.visible.get("a")),
    state: () => stateOf(facts, { sourcesPresent: true }),
    pending() {
      const family = shown.families().find(({ name }) => name === "kcfg_reload_pending");
      return family?.type === "gauge" ? [...family.read()][0]?.value : undefined;
    },
    /** Takes over what an earlier run has left. */
    open: () => writer.open(undefined),
    async start() {
      await cycle.first(stopping.signal);
      facts.isReady = true;
      cycle.planStart();
      running = cycle.run(stopping.signal);
      await clock.advance(0);
    },
    /** A new content; the cycle has `ms` for it. */
    async change(to: string, ms = 1000) {
      text = to;
      cycle.change("lone");
      await clock.advance(ms);
    },
    /** Moves the clock until the application was told of these; the disk takes its time. */
    async untilTold(...expected: readonly string[]) {
      await eventually("it was told", async () => {
        await clock.advance(200);
        return told.length >= expected.length;
      });
      assert.deepEqual(told.splice(0), expected);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}

Deno.test("ApplyCycle goes on when the wall clock is put back or forward by an hour", async () => {
  for (const hours of [-1, 1]) {
    await using run = startCycle({ "reload-min-interval": "1s", debounce: "200ms" });
    await run.start();
    await run.untilTold("start 1");
    run.clock.wallOffsetMs = hours * 3600_000;
    for (const text of ["2", "3"]) {
      await run.change(text);
      await run.untilTold(`change ${text}`);
    }
  }
});

Deno.test("ApplyCycle retries by the monotonic clock", async () => {
  let isAway = true;
  await using run = startCycle({}, { application: () => isAway ? "away" : undefined });
  await run.start();
  await eventually("the first try has failed", () => run.facts.consecutiveFailures === 1);
  run.clock.wallOffsetMs = -3600_000;
  isAway = false;
  await run.untilTold("start 1", "start 1");
});

Deno.test("ApplyCycle tells a version within its splay, however many come meanwhile", async () => {
  await using run = startCycle({ splay: "10s", "reload-min-interval": "0" }, { random: 0.9 });
  await run.start();
  await run.untilTold("start 1");
  for (let at = 0; at < 20; at++) {
    await run.change(`v${at}`);
    await eventually("it is visible", async () => {
      await run.clock.advance(10);
      return run.visible() === `v${at}`;
    });
  }
  // 20 s and more, and 9 s from the first version that waits to the telling of the newest.
  assert.ok(run.told.length >= 2, run.told.join());
});

Deno.test("ApplyCycle tries a barred version again when the content has changed in between", async () => {
  await using dir = await tempDir();
  await using run = startCycle(
    { configroot: dir.path, rollback: "true", "reload-retry-max-elapsed": "0" },
    {
      layout: symlinks(dir.path),
      application: (text) => text === "bad" ? "refused" : undefined,
    },
  );
  await run.start();
  await run.untilTold("start 1");
  assert.deepEqual([run.state(), run.pending()], ["synced", 0]);
  await run.change("bad");
  await run.untilTold("change bad", "rollback 1");
  assert.deepEqual([run.state(), run.pending()], ["rolled-back", 1]);
  // The content goes back to what is visible: all is well.
  await run.change("1");
  await eventually("all is well", () => run.state() === "synced");
  assert.deepEqual([run.pending(), run.facts.quarantined.size], [0, 0]);
  await run.change("bad");
  await run.untilTold("change bad", "rollback 1");
  await run.change("2");
  await run.untilTold("change 2");
  await run.change("bad");
  await run.untilTold("change bad", "rollback 2");
});

Deno.test("ApplyCycle tells the version it went back to until it is heard, once that is wanted", async () => {
  await using dir = await tempDir();
  let isAway = false;
  await using run = startCycle(
    { configroot: dir.path, rollback: "true", "reload-retry-max-elapsed": "0" },
    { layout: symlinks(dir.path), application: () => isAway ? "away" : undefined },
  );
  await run.start();
  await run.untilTold("start 1");
  isAway = true;
  await run.change("2");
  await run.untilTold("change 2", "rollback 1");
  assert.ok(run.facts.failingSinceMs !== undefined);
  // It stays there, so no try may be announced.
  await eventually("none is", () => run.facts.nextAttemptMs === undefined);
  isAway = false;
  await run.change("1");
  await run.untilTold("change 1");
  assert.deepEqual([run.state(), run.facts.failingSinceMs], ["synced", undefined]);
});

Deno.test("ApplyCycle puts changed files right and tells the application, as resync", async () => {
  await using dir = await tempDir();
  await using run = startCycle({ configroot: dir.path }, { layout: symlinks(dir.path) });
  await run.start();
  await run.untilTold("start 1");
  await Deno.writeTextFile(`${dir.path}/a`, "changed by somebody");
  void run.cycle.force("resync");
  await run.untilTold("resync 1");
  assert.equal(await Deno.readTextFile(`${dir.path}/a`), "1");
});

Deno.test("ApplyCycle begins with the version of the run before when the new one is refused", async () => {
  await using dir = await tempDir();
  const flags = { configroot: dir.path, "validate-command": "sh -c 'grep -q 1 {dir}/a'" };
  await using first = startCycle(flags, { layout: symlinks(dir.path) });
  await first.start();
  await first.untilTold("start 1");
  await using strict = startCycle(flags, { layout: symlinks(dir.path) });
  await strict.open();
  await strict.change("2", 0);
  await assert.rejects(strict.start(), RefusedVersion);
  await using patient = startCycle({ ...flags, missing: "wait" }, { layout: symlinks(dir.path) });
  await patient.open();
  await patient.change("2", 0);
  await patient.start();
  await patient.untilTold("start 1");
  assert.deepEqual([patient.state(), patient.pending()], ["refused", 1]);
});

Deno.test("ApplyCycle keeps files of an earlier run when an object without keys is to change nothing", async () => {
  await using dir = await tempDir();
  await using first = startCycle({ configroot: dir.path }, { layout: symlinks(dir.path) });
  await first.start();
  await first.untilTold("start 1");
  const flags = { configroot: dir.path, "on-empty": "keep" };
  await using second = startCycle(flags, { layout: symlinks(dir.path) });
  await second.open();
  await second.change("", 0);
  await second.start();
  await second.untilTold("start 1");
  assert.deepEqual([second.state(), second.pending()], ["synced", 0]);
  await second.change("2");
  await second.untilTold("change 2");
  await using third = startCycle({ configroot: dir.path }, { layout: symlinks(dir.path) });
  await third.open();
  await third.change("", 0);
  await third.start();
  await third.untilTold("start ");
});

Deno.test("ApplyCycle says once a minute that a disk is full, and to whoever forces it that nothing came of it", async () => {
  await using dir = await tempDir();
  const log = new CapturedLog();
  const layout = symlinks(dir.path);
  let isFull = false;
  const tight: Layout = {
    ...layout,
    prepare: (...rest) =>
      isFull ? Promise.reject(new Error("No space left on device")) : layout.prepare(...rest),
  };
  await using run = startCycle({ configroot: dir.path }, { layout: tight, log });
  await run.start();
  await run.untilTold("start 1");
  isFull = true;
  await run.change("2", 0);
  await eventually("it has failed", () => run.facts.writeError !== undefined);
  const forced = run.cycle.force("forced").then(() => "heard", String);
  await run.untilTold("forced 1");
  assert.match(await forced, /No space left/);
  for (let seconds = 0; seconds < 40; seconds++) await run.clock.advance(1000);
  assert.equal(log.messages("error").length, 1);
  isFull = false;
  await run.untilTold("change 2");
});
