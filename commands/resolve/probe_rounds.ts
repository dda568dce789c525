/** Probing beside `--watch`: a round when the first list is there, then every interval. */

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
    while (followers.some(({ state }) => state.snapshot === undefined)) {
      await sleep(FIRST_LOOK_MS, { clock, signal });
    }
    while (probe !== undefined) {
      const { states, notes } = await probeStates(followers.map(({ state }) => state), probe, {
        ...{ clock, signal, all },
      });
      stderr.write(notes);
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
