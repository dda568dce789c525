/**
 * The duty of PID 1 and of a child subreaper (reload.md 9.5): orphans become our children and must be waited for, or they stay in the process
 * table for ever. The runtime waits for its own children alone, so libc does it for exactly those that are not.
 */

import type { Logger } from "#lib/log/logger.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import { listProcesses } from "./actions/proc.ts";
import { libcName } from "./libc.ts";

/** What the reaper needs. */
export interface ReaperDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Calls when a child may have ended. */
  readonly onChildSignal: (listener: () => void) => Disposable;
  /** Whether somebody here waits for the process: the application and hooks. */
  readonly isOwn: (pid: number) => boolean;
  readonly onReaped: (count: number) => void;
}

const LOOK_MS = 500;
const WNOHANG = 1;
const ZOMBIE = "Z";
/** A younger zombie may be a hook's or a credential plugin's, whose end the runtime is about to take. */
const MIN_AGE_MS = 400;

/** Reaps until `signal` is aborted. */
export async function reapOrphans(
  { clock, log, onChildSignal, isOwn, onReaped }: ReaperDeps,
  signal: AbortSignal,
): Promise<void> {
  let libc: Libc | undefined;
  using _closing = { [Symbol.dispose]: () => libc?.close() };
  let due = Promise.withResolvers<void>();
  using _listener = onChildSignal(() => due.resolve());
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => end(), { once: true });
  /** Process → when it was first seen dead. */
  const firstSeenMs = new Map<number, number>();
  while (!signal.aborted) {
    const pause = new AbortController();
    // Others than PID 1 seldom adopt anybody, and then the signal tells.
    const isWaiting = Deno.pid === 1 || firstSeenMs.size > 0;
    await Promise.race([
      due.promise,
      ended,
      ...(isWaiting
        ? [sleep(LOOK_MS, { clock, signal: pause.signal }).catch(() => undefined)]
        : []),
    ]);
    pause.abort();
    if (signal.aborted) return;
    due = Promise.withResolvers();
    const zombies = (await listProcesses()).filter(({ state, parent, pid }) =>
      state === ZOMBIE && parent === Deno.pid && !isOwn(pid)
    );
    const seen = new Set(zombies.map(({ pid }) => pid));
    for (const pid of firstSeenMs.keys()) if (!seen.has(pid)) firstSeenMs.delete(pid);
    for (const pid of seen) {
      const firstMs = firstSeenMs.get(pid) ?? clock.monotonic();
      firstSeenMs.set(pid, firstMs);
      if (clock.monotonic() - firstMs < MIN_AGE_MS) continue;
      libc ??= openLibc();
      if (libc.symbols.waitpid(pid, null, WNOHANG) !== pid) continue;
      firstSeenMs.delete(pid);
      onReaped(1);
      log.debug("orphan reaped", { pid });
    }
  }
}

type Libc = ReturnType<typeof openLibc>;

/** Opened with the first orphan. */
function openLibc() {
  return Deno.dlopen(libcName(), {
    waitpid: { parameters: ["i32", "pointer", "i32"], result: "i32" },
  });
}
