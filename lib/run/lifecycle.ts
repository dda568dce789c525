/**
 * Orderly ends: named cleanups run in reverse order, once, under one deadline. One that fails or hangs is
 * logged and does not keep the others from running.
 */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "./clock.ts";

/** A step of the teardown; `deadline` is aborted when there is no time left for kindness. */
export type Cleanup = (deadline: AbortSignal) => void | Promise<void>;

/** Collects cleanups while things start, runs them when things stop. */
export interface Lifecycle {
  /** Adds a step; the last one added runs first. Throws after `stop`. */
  defer(name: string, cleanup: Cleanup): void;
  /** Runs every step; further calls return the same promise. Never rejects. */
  stop(): Promise<void>;
}

/** Makes a lifecycle whose whole teardown takes `deadlineMs` at most. */
export function createLifecycle(
  { deadlineMs }: { readonly deadlineMs: number },
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Lifecycle {
  const steps: { readonly name: string; readonly cleanup: Cleanup }[] = [];
  let stopped: Promise<void> | undefined;

  async function tearDown(): Promise<void> {
    const deadline = new AbortController();
    const expired = Promise.withResolvers<"expired">();
    const timer = clock.timer(() => {
      deadline.abort(new DOMException("The stop deadline is over", "TimeoutError"));
      // The step under way hears of it first and may still end by itself.
      lastChance = clock.timer(() => expired.resolve("expired"), LAST_CHANCE_MS);
    }, deadlineMs);
    let lastChance = timer;
    for (const { name, cleanup } of steps.splice(0).reverse()) {
      try {
        const outcome = await Promise.race([cleanup(deadline.signal), expired.promise]);
        if (outcome === "expired") log.warn("stop step did not end in time", { step: name });
      } catch (err) {
        log.error("stop step failed", { step: name, err });
      }
    }
    timer.cancel();
    lastChance.cancel();
  }

  return {
    defer(name, cleanup) {
      if (stopped !== undefined) {
        throw new TypeError(`Cannot add stop step "${name}": already stopped`);
      }
      steps.push({ name, cleanup });
    },
    stop() {
      stopped ??= tearDown();
      return stopped;
    },
  };
}

const LAST_CHANCE_MS = 100;
