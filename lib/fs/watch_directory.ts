/**
 * Notices changes below a directory: by the kernel's events where they can be had, and by looking again
 * every so often in any case, because events get lost (limits, network file systems, a replaced root).
 * Understands how the kubelet changes a mounted volume: it swaps the symbolic link `..data`.
 */

import type { Logger } from "#lib/log/logger.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { changedPaths, rescanPaths, scanDirectory } from "./directory_scan.ts";
import type { DirectoryScan } from "./directory_scan.ts";

/** What changed: everything (a volume was swapped), or these paths relative to the root. */
export type DirectoryChange =
  | { readonly kind: "swap" }
  | { readonly kind: "paths"; readonly paths: readonly string[] };

/** How to watch. */
export interface WatchOptions {
  /** Stops the watching. */
  readonly signal: AbortSignal;
  /** Time between two looks, 30 s by default. */
  readonly rescanMs?: number;
  /** Events this close together become one change, 10 ms by default. */
  readonly settleMs?: number;
  /** Whether to use the kernel's events, true by default. */
  readonly events?: boolean;
  /** Called for each change; must not throw. */
  readonly onChange: (change: DirectoryChange) => void;
}

const DATA_LINK = "..data";

/**
 * Watches `root` until the signal is aborted. Resolves when the first look is done and events are on, with
 * a promise that ends when everything is released.
 */
export async function watchDirectory(
  root: string,
  options: WatchOptions,
  deps: { readonly clock: Clock; readonly log: Logger },
): Promise<{ readonly finished: Promise<void> }> {
  const { signal, onChange, rescanMs = 30_000, settleMs = 10, events = true } = options;
  const realRoot = await realPathOr(root);
  const watcher = events ? openWatcher(realRoot, deps.log) : undefined;
  const close = () => watcher?.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  let seen: DirectoryScan = await scanDirectory(root, signal);

  async function look(): Promise<void> {
    const now = await scanDirectory(root, signal);
    if (signal.aborted) return;
    const paths = changedPaths(seen, now);
    seen = now;
    if (paths.length > 0) onChange(toChange(paths));
  }

  async function followEvents(): Promise<void> {
    if (watcher === undefined) return;
    for await (const batch of batches(watcher, { settleMs, clock: deps.clock })) {
      const paths = batch.map((path) => relative(realRoot, path));
      onChange(toChange(paths));
      // So that the next look does not report the same again; folders may hide files that made no event.
      seen = await rescanPaths(root, { seen, paths });
      if (paths.some((path) => !seen.has(path))) await look();
    }
  }

  async function lookAgain(): Promise<void> {
    while (!signal.aborted) {
      try {
        await sleep(rescanMs, { clock: deps.clock, signal });
        await look();
      } catch (err) {
        if (!signal.aborted) deps.log.warn("directory cannot be looked at", { path: root, err });
      }
    }
  }

  const finished = Promise.all([followEvents(), lookAgain()]).then(() =>
    signal.removeEventListener("abort", close)
  );
  return { finished };
}

function toChange(paths: readonly string[]): DirectoryChange {
  const swapped = paths.some((path) =>
    path.startsWith(DATA_LINK) || path.includes(`/${DATA_LINK}`)
  );
  return swapped ? { kind: "swap" } : { kind: "paths", paths: [...new Set(paths)] };
}

function relative(root: string, path: string): string {
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

function openWatcher(root: string, log: Logger): Deno.FsWatcher | undefined {
  try {
    return Deno.watchFs(root, { recursive: true });
  } catch (err) {
    log.warn("file events are not available, changes are found by looking again", {
      path: root,
      err,
    });
    return undefined;
  }
}

async function realPathOr(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch {
    // A root that is not there yet: the regular look will find it.
    return path;
  }
}

/** Paths of the watcher's events, in batches of what comes within `settleMs`. */
async function* batches(
  watcher: Deno.FsWatcher,
  { settleMs, clock }: { readonly settleMs: number; readonly clock: Clock },
): AsyncIterable<string[]> {
  const pending: string[] = [];
  let wake = Promise.withResolvers<void>();
  let ended = false;
  const reading = (async () => {
    for await (const event of watcher) {
      if (event.kind === "access") continue;
      pending.push(...event.paths);
      wake.resolve();
    }
    ended = true;
    wake.resolve();
  })();
  while (true) {
    await wake.promise;
    if (!ended) await sleep(settleMs, { clock });
    wake = Promise.withResolvers();
    if (ended) wake.resolve();
    const batch = pending.splice(0);
    if (batch.length > 0) yield batch;
    if (ended && pending.length === 0) break;
  }
  await reading;
}
