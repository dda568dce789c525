/** The file of values in each form. */

import assert from "node:assert/strict";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { formatValues, ValuesFile } from "./values_file.ts";

function flagSet(): FlagSet {
  const flags = new FlagSet();
  flags.int("rate-limit", 5);
  flags.string("quote", "it's $HOME");
  flags.string("password", "hunter2", "", { secret: true });
  return flags;
}

Deno.test("formatValues() writes each form, secrets hidden", () => {
  const flags = flagSet();
  assert.deepEqual(JSON.parse(formatValues(flags, "json")), {
    "password": "***",
    "quote": "it's $HOME",
    "rate-limit": 5,
  });
  assert.equal(
    formatValues(flags, "env"),
    `PASSWORD='***'\nQUOTE='it'\\''s $HOME'\nRATE_LIMIT=5\n`,
  );
  assert.match(formatValues(flags, "properties"), /^rate-limit=5$/m);
  assert.match(formatValues(flags, "yaml"), /^rate-limit: 5$/m);
});

Deno.test("ValuesFile writes the last values, and logs what it cannot write", async () => {
  await using dir = await tempDir();
  const log = new CapturedLog();
  const clock = new ManualClock();
  const flags = flagSet();
  const path = `${dir.path}/values`;
  const file = new ValuesFile({ path, form: "env" }, { flags, log, clock });
  for (const raw of ["6", "7", "8"]) flags.set("rate-limit", raw);
  await file[Symbol.asyncDispose]();
  assert.match(await Deno.readTextFile(path), /^RATE_LIMIT=8$/m);
  const lost = new ValuesFile({ path: `${dir.path}/none/values`, form: "env" }, {
    ...{ flags, log, clock },
  });
  flags.set("rate-limit", "9");
  await eventually("it is logged", () => log.messages("error").includes("values not written"));
  // Without another change, once the folder is there.
  await Deno.mkdir(`${dir.path}/none`);
  await eventually("it is tried again", async () => {
    await clock.advance(5000);
    return (await Deno.readTextFile(`${dir.path}/none/values`).catch(() => "")).includes("=9");
  });
  await lost[Symbol.asyncDispose]();
  assert.equal(clock.pendingTimers, 0);
});
