/** Lines as they are written. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { createLogger } from "./create_logger.ts";
import type { LoggerOptions } from "./create_logger.ts";

const TIME = "2023-11-14T22:13:20.000Z";

function loggerTo(options: LoggerOptions, { isTerminal = false } = {}) {
  const writes: string[] = [];
  const clock = new ManualClock();
  const sink = { isTerminal, write: (text: string) => void writes.push(text) };
  return { log: createLogger(options, { sink, clock }), writes, clock };
}

Deno.test("createLogger() writes text with fields, quoted where needed", () => {
  const { log, writes } = loggerTo({ level: "info", format: "text" });
  log.warn("load failed", { key: "/a b", status: 502, ok: false, none: undefined, list: [1] });
  assert.deepEqual(writes, [
    `${TIME} WARN  load failed key="/a b" status=502 ok=false list=[1]\n`,
  ]);
});

Deno.test("createLogger() keeps control characters of a value out of a text line", () => {
  const { log, writes } = loggerTo({ level: "info", format: "text" });
  log.error("bad", { path: "/\n2023 ERROR forged\u001b[31m" });
  assert.equal(writes.join("").split("\n").length, 2);
  assert.ok(!writes.join("").includes("\u001b"));
});

Deno.test("createLogger() writes JSON whose frame no field can replace", () => {
  const { log, writes } = loggerTo({ level: "info", format: "json" });
  log.with({ listener: "app" }).error("failed", { err: new Error("no"), level: "x", token: "t" });
  assert.deepEqual(JSON.parse(writes.join("")), {
    time: TIME,
    level: "error",
    message: "failed",
    listener: "app",
    err: "no",
    level_: "x",
    token: "***",
  });
});

Deno.test("createLogger() chooses text on a terminal and JSON otherwise when asked to", () => {
  const onTerminal = loggerTo({ level: "info", format: "auto" }, { isTerminal: true });
  onTerminal.log.warn("x");
  assert.match(onTerminal.writes.join(""), / WARN {2}x$/m);
  const piped = loggerTo({ level: "info", format: "auto" });
  piped.log.warn("x");
  assert.equal(JSON.parse(piped.writes.join("")).message, "x");
});

Deno.test("createLogger() drops what is below its level", () => {
  const { log, writes } = loggerTo({ level: "warn", format: "text" });
  log.trace("a");
  log.debug("b");
  log.info("c");
  log.flush();
  assert.deepEqual(writes, []);
});

Deno.test("createLogger() writes a few lines as they come, without a timer", () => {
  const { log, writes, clock } = loggerTo({ level: "info", format: "text" });
  log.info("one");
  log.info("two");
  assert.equal(writes.length, 2);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("createLogger() batches a flood for a moment and keeps the order", async () => {
  const { log, writes, clock } = loggerTo({ level: "info", format: "text" });
  for (let i = 0; i < 20; i++) log.info(`line ${i}.`);
  const early = writes.length;
  assert.ok(early < 20, `${early} lines at once`);
  await clock.advance(20);
  assert.equal(writes.length, early + 1);
  for (let i = 20; i < 40; i++) log.info(`line ${i}.`);
  log.error("line 40.");
  const found = [...writes.join("").matchAll(/line (\d+)\./g)].map(([, index]) => Number(index));
  assert.deepEqual(found, Array.from({ length: 41 }, (_, index) => index));
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("createLogger() never holds more than a bounded batch", () => {
  const { log, writes } = loggerTo({ level: "info", format: "text" });
  for (let i = 0; i < 1000; i++) log.info("x".repeat(100));
  assert.ok(writes.length >= 3);
  log.flush();
});
