/**
 * Gives memory back after large versions. A version passes through several texts and buffers of its size, and the
 * runtime's collector lets up to a hundred megabytes of them lie before it looks, more than a sidecar may have.
 * Asking it costs 8 MiB of Node's layer once, so small versions never do.
 */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";

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

/** Makes one. */
export function createCollector(
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Collector {
  let passed = 0;
  let isPlanned = false;
  let collect: (() => void) | undefined;

  async function run(): Promise<void> {
    isPlanned = false;
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
      if (passed < PASSED_BYTES || isPlanned) return;
      passed = 0;
      isPlanned = true;
      clock.timer(() => void run(), DELAY_MS, { unref: true });
    },
  };
}

/** The engine shows its collector to contexts that are made after the flag is set. */
async function loadCollect(): Promise<() => void> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([
    import("node:v8"),
    import("node:vm"),
  ]);
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  return typeof collect === "function" ? () => collect() : () => {};
}
