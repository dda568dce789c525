/** A log that flags rule: level, form and time change while derived loggers are in use. */

import assert from "node:assert/strict";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { declareBuiltIn, logLevelOf } from "./built_in_flags.ts";
import { createSwitchableLog } from "./switchable_log.ts";

Deno.test("createSwitchableLog() changes level and form for derived loggers too", () => {
  const written: string[] = [];
  const sink = { isTerminal: false, write: (text: string) => void written.push(text) };
  const log = createSwitchableLog({ level: "info", format: "json", timestamps: true }, {
    sink,
    clock: new ManualClock(0),
  });
  const derived = log.with({ part: "x" });
  derived.debug("unheard");
  derived.info("one");
  log.change({ level: "debug", format: "text", timestamps: false });
  derived.debug("two", { token: "hunter2" });
  log.change({ level: "error" });
  derived.warn("unheard");
  log.flush();
  assert.equal(
    written.join(""),
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"one","part":"x"}\n' +
      "DEBUG two part=x token=***\n",
  );
});

Deno.test("logLevelOf() knows every level of the flag", () => {
  const { level, json } = declareBuiltIn(new FlagSet());
  const levels = ["debug", "verbose", "info", "warning", "error", "critical", "fatal"].map(
    (raw) => {
      level.set(raw);
      return logLevelOf(level.value);
    },
  );
  assert.deepEqual(levels, ["debug", "debug", "info", "warn", "error", "error", "error"]);
  assert.ok(!json.isDynamic);
});
