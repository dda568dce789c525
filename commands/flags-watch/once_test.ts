/** The check of `--once`: what it waits for. */

import assert from "node:assert/strict";
import { denoDirectoryAccess } from "#lib/flags/deno.ts";
import { directorySource } from "#lib/flags/directory_source.ts";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { checkOnce } from "./once.ts";
import type { FlagsWatchOptions } from "./options.ts";

Deno.test("checkOnce() waits for a directory that is not there yet, as long as it is told to", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/late`;
  const timing = { waitMs: 60_000, pollIntervalMs: 0, debounceMs: 50 };
  const options = {
    source: { kind: "directory", path, ...timing },
    schema: { kind: "file", path: "schema.json" },
    ...{ atomic: false, unknown: "warn", outFile: undefined },
  } as unknown as FlagsWatchOptions;
  const flags = new FlagSet();
  const limit = flags.int("limit", 1);
  const clock = new ManualClock();
  const sink = { write() {} };
  let code: number | undefined;
  const ended = checkOnce(options, {
    ...{ flags, clock, log: new CapturedLog(), stdout: sink, stderr: sink },
    source: { source: directorySource(path, { access: denoDirectoryAccess }) },
    signal: new AbortController().signal,
  }).then((status) => code = status);
  await Promise.race([ended, eventually("it waits", () => clock.pendingTimers === 1)]);
  await dir.write("staged/limit", "7");
  await Deno.rename(`${dir.path}/staged`, path);
  await eventually("it has ended", async () => {
    await clock.advance(100);
    return code !== undefined;
  });
  assert.deepEqual([code, limit.value], [0, 7]);
});
