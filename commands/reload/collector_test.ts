/** Memory that large versions leave comes back. */

import assert from "node:assert/strict";
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

Deno.test("createCollector() asks the engine's collector once for many versions, and for the last when it is quiet", async () => {
  const clock = new ManualClock();
  const collector = createCollector({ clock, log: silentLogger });
  let asked = 0;
  Reflect.set(globalThis, "gc", () => asked += 1);
  try {
    collector.onWritten(1024 * 1024);
    await clock.advance(10_000);
    assert.equal(asked, 0, "one large version is not worth it");
    for (let version = 0; version < 3; version++) collector.onWritten(1024 * 1024);
    await clock.advance(20);
    await eventually("it is asked", () => asked === 1);
    collector.onWritten(1024 * 1024);
    await clock.advance(999);
    assert.equal(asked, 1, "another version may follow");
    await clock.advance(1);
    await eventually("it is asked for the last one", () => asked === 2);
  } finally {
    Reflect.deleteProperty(globalThis, "gc");
  }
});
