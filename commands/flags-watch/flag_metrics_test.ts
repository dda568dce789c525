/** Metrics of flags: what has series, and how many at most. */

import assert from "node:assert/strict";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { MemorySource } from "#lib/flags/source.ts";
import { Updater } from "#lib/flags/updater.ts";
import { formatMetrics } from "#lib/metrics/exposition.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { registerFlagMetrics } from "./flag_metrics.ts";

function measured(flags: FlagSet, source = new MemorySource()) {
  const metrics = new Metrics();
  const updater = new Updater(flags, source);
  const counters = registerFlagMetrics(metrics, {
    ...{ flags, updater, clock: new ManualClock(5000), version: "1" },
    streamClients: () => 3,
    apiUp: () => true,
  });
  return {
    updater,
    counters,
    text: () => formatMetrics(metrics.families(), { openMetrics: false }),
  };
}

Deno.test("registerFlagMetrics() shows values, checksums, updates and errors, and no secret", async () => {
  const flags = new FlagSet("shop");
  flags.bool("on", Boolean(1));
  flags.duration("wait", "1m30s");
  flags.int("pin", 1234, "", { secret: true });
  flags.string("text", "x");
  const source = new MemorySource({ wait: "2m", text: "y" });
  const { updater, text } = measured(flags, source);
  await updater.initialize();
  await updater.start();
  source.replace({ wait: "soon", text: "z", other: "" });
  source.replace({ wait: "soon", text: "z" });
  const shown = text();
  const checksum = flags.checksum();
  for (
    const line of [
      'kcfg_flags_value{flag="on"} 1',
      'kcfg_flags_value{flag="wait"} 120',
      'kcfg_flags_changed{flag="text"} 1',
      `flagz_checksum{set="shop",type="dynamic",checksum="${checksum}"} 1`,
      'flagz_checksum{set="shop",type="static",checksum="811c9dc5"} 1',
      'kcfg_flags_info{version="1",set="shop"} 1',
      'kcfg_flags_updates_total{result="ok"} 1',
      'kcfg_flags_updates_total{result="partial"} 1',
      'kcfg_flags_updates_total{result="rejected"} 1',
      'kcfg_flags_errors_total{flag="wait"} 2',
      "kcfg_flags_warnings_total 1",
      "kcfg_flags_last_update_timestamp_seconds 5",
      "kcfg_flags_last_update_ok 0",
      "kcfg_flags_stream_clients 3",
      "kcfg_flags_api_up 1",
    ]
  ) assert.ok(shown.includes(`${line}\n`), `${line}\n${shown}`);
  assert.ok(!shown.includes("1234") && !shown.includes('"other"'));
  await updater.stop();
});

Deno.test("registerFlagMetrics() takes nothing for an update of the source that HTTP takes back", async () => {
  const flags = new FlagSet();
  const limit = flags.int("limit", 1);
  const { updater, text } = measured(flags, new MemorySource({ limit: "5" }));
  await updater.initialize();
  flags.set("limit", "6", { source: "http" });
  flags.clearOverride("limit");
  assert.equal(limit.value, 5);
  assert.match(text(), /^kcfg_flags_updates_total\{result="ok"\} 1$/m);
});

Deno.test("registerFlagMetrics() has at most 500 series per family", () => {
  const flags = new FlagSet();
  for (let at = 0; at < 600; at++) flags.int(`f${at}`, at);
  const { text, counters } = measured(flags);
  assert.equal(text().match(/^kcfg_flags_value\{/gm)?.length, 500);
  counters[Symbol.dispose]();
});
