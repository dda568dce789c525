/** Probing beside `--watch`: a round when each target has its first list or failure, then every interval. */

import type { RunContext } from "#lib/run/context.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Follower } from "./follower.ts";
import type { ResolveOptions } from "./options.ts";
import { probeStates } from "./probe.ts";

const FIRST_LOOK_MS = 50;

/** Starts rounds; `stop` resolves when the last one is over. */
export function startRounds(
  followers: readonly Follower[],
  { probe, all }: ResolveOptions,
  { clock, stderr }: RunContext,
): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const { signal } = stopped;
  const rounds = async () => {
    const isAwaited = ({ state: { snapshot, error } }: Follower) =>
      snapshot === undefined && error === undefined;
    while (followers.some(isAwaited)) {
      await sleep(FIRST_LOOK_MS, { clock, signal });
    }
    let told = "";
    while (probe !== undefined) {
      const { states, notes } = await probeStates(followers.map(({ state }) => state), probe, {
        ...{ clock, signal, all },
      });
      // The results are on stdout each time; a warning is news once.
      if (notes !== told) stderr.write(notes);
      told = notes;
      for (const [at, { probes }] of states.entries()) {
        for (const [address, results] of probes ?? []) {
          for (const result of results) {
            followers[at]?.tell(
              { type: "PROBE", address, probe: result },
              `? ${address} ${result.status}`,
            );
          }
        }
      }
      if (probe.intervalMs === 0) return;
      await sleep(probe.intervalMs, { clock, signal });
    }
  };
  const running = rounds().catch((error) => {
    if (!signal.aborted) stderr.write(`kcfg: warning: probing ended: ${error}\n`);
  });
  return {
    async stop() {
      stopped.abort(new DOMException("Probing was stopped", "AbortError"));
      await running;
    },
  };
}
