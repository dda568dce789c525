/** Memory that large versions leave comes back. */

import { silentLogger } from "#lib/log/logger.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { createCollector } from "./collector.ts";

Deno.test("createCollector() has buffers given back after large versions", async () => {
  const clock = new ManualClock();
  const collector = createCollector({ clock, log: silentLogger });
  let isGone = false;
  const registry = new FinalizationRegistry(() => isGone = true);
  registry.register(new Uint8Array(1024 * 1024), "a version");
  for (let version = 0; version < 4; version++) collector.onWritten(1024 * 1024);
  await clock.advance(100);
  await eventually("it is given back", () => isGone);
});
