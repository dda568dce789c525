/** Waiting for a directory that another container is about to make (flags-watch.md 4.2, `--wait-dir`). */

import { denoDirectoryAccess } from "#lib/flags/deno.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import type { SourceOptions } from "./options.ts";

const STEP_MS = 100;

/**
 * Resolves when the directory of a source is there, or the time for it is over; at once for other sources.
 *
 * @throws the signal's reason when it is aborted
 */
export async function awaitDirectory(
  source: SourceOptions,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  if (source.kind !== "directory") return;
  const deadlineMs = clock.monotonic() + source.waitMs;
  while (clock.monotonic() < deadlineMs) {
    if (await denoDirectoryAccess.stat(source.path) !== undefined) return;
    await sleep(STEP_MS, { clock, signal });
  }
}
