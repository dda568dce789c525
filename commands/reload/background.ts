/** What goes on beside the cycle of a run: adopted orphans are reaped, everything is compared now and then. */

import type { Logger } from "#lib/log/logger.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import type { RunContext } from "#lib/run/context.ts";
import type { Child } from "./child.ts";
import type { ReloadOptions } from "./options.ts";

/**
 * Reaps until `cleanup` is disposed, where this process adopts orphans: PID 1 does, and a child subreaper. Around an
 * application it is not asked whether it is one: the first orphan tells.
 */
export function startReaper(
  cleanup: AsyncDisposableStack,
  { clock, log, context, child, reaped }: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly context: RunContext;
    readonly child: Child | undefined;
    readonly reaped: (count: number) => void;
  },
): void {
  const end = new AbortController();
  const reap = async () => {
    if (child === undefined && Deno.pid !== 1) {
      const { isSubreaper } = await import("./subreaper.ts");
      if (!isSubreaper()) return;
    }
    const { reapOrphans } = await import("./reaper.ts");
    await reapOrphans({
      ...{ clock, log },
      onChildSignal: (listener) => context.onSignal("SIGCHLD", listener),
      isOwn: (pid) => pid === child?.pid,
      onReaped: reaped,
    }, end.signal);
  };
  const reaping = reap().catch((err) => log.error("orphans are not reaped", { err }));
  cleanup.defer(async () => {
    end.abort();
    await reaping;
  });
}

/** Calls `onDue` every so often until `signal` is aborted (reload.md 6.6). */
export async function resync(
  { resyncMs }: ReloadOptions,
  { clock, random, signal, onDue, log }: {
    readonly clock: Clock;
    readonly random: () => number;
    readonly signal: AbortSignal;
    readonly onDue: () => Promise<void>;
    readonly log: Logger;
  },
): Promise<void> {
  if (resyncMs === 0) return;
  while (!signal.aborted) {
    await sleep(resyncMs * (0.9 + 0.2 * random()), { clock, signal }).catch(() => undefined);
    if (signal.aborted) return;
    await onDue().catch((err) => log.warn("comparison failed", { err }));
  }
}
