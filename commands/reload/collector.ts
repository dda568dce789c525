/**
 * Gives memory back after large versions. A version passes through several texts and buffers of its size, and the
 * runtime's collector lets up to a hundred megabytes of them lie before it looks, more than a sidecar may have.
 * Collecting makes the engine use megabytes of its program that it never used before, so small versions never do.
 */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";

/** Told of contents that have passed. */
export interface Collector {
  /** A version of `bytes` bytes was written. */
  onWritten(bytes: number): void;
}

/** Smaller versions are left to the runtime. */
const LARGE_BYTES = 256 * 1024;
/** So much may pass between two collections, each of which takes some 20 ms. */
const PASSED_BYTES = 2 * 1024 * 1024;
/** The application is told first. */
const DELAY_MS = 20;
/** Once that has happened, what is left of the last versions is collected, too, when nothing followed for so long. */
const QUIET_MS = 1000;

const LAST_RESORT = { type: "major", execution: "sync", flavor: "last-resort" } as const;

/** Makes one. */
export function createCollector(
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Collector {
  let passed = 0;
  let planned: Timer | undefined;
  let isSoon = false;
  let collect: (() => void) | undefined;

  function plan(delayMs: number): void {
    planned?.cancel();
    planned = clock.timer(() => void run(), delayMs, { unref: true });
  }

  async function run(): Promise<void> {
    passed = 0;
    isSoon = false;
    try {
      collect ??= await loadCollect();
      collect();
    } catch (err) {
      log.warn("memory cannot be collected, the runtime does it in its own time", { err });
      collect = () => {};
    }
  }

  return {
    onWritten(bytes) {
      if (bytes < LARGE_BYTES) return;
      passed += bytes;
      if (isSoon) return;
      isSoon = passed >= PASSED_BYTES;
      if (isSoon) plan(DELAY_MS);
      else if (collect !== undefined) plan(QUIET_MS);
    },
  };
}

/**
 * The executable's engine shows its collector (`tools/v8_flags.ts`). Elsewhere it does so in contexts that are made
 * after its flag is set, by way of Node's layer. Only as a last resort it gives its own memory back, too.
 */
async function loadCollect(): Promise<() => void> {
  const shown: unknown = Reflect.get(globalThis, "gc");
  if (typeof shown === "function") return () => shown(LAST_RESORT);
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([
    import("node:v8"),
    import("node:vm"),
  ]);
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  return typeof collect === "function" ? () => collect() : () => {};
}
