/** Probing beside `--watch`: a round when each target has its first list or failure, then every interval. */

import type { RunContext } from "#lib/run/context.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Follower } from "./follower.ts";
import type { ResolveOptions } from "./options.ts";
import { probeStates } from "./probe.ts";

const FIRST_LOOK_MS = 50;

/** Rounds of probes. */
export interface ProbeRounds {
  /** Whether the policy held in the last round; false before the first one is over. */
  readonly isHealthy: boolean;
  /** Resolves when the last round is over. */
  stop(): Promise<void>;
}

/** Starts rounds; `onUnable` is told when not even the first one could be made. */
export function startRounds(
  followers: readonly Follower[],
  { probe, all }: ResolveOptions,
  { context: { clock, stderr }, onUnable }: {
    readonly context: RunContext;
    readonly onUnable: (error: unknown) => void;
  },
): ProbeRounds {
  const stopped = new AbortController();
  const { signal } = stopped;
  let isHealthy: boolean | undefined;
  const rounds = async () => {
    const isAwaited = ({ state: { snapshot, error } }: Follower) =>
      snapshot === undefined && error === undefined;
    while (followers.some(isAwaited)) {
      await sleep(FIRST_LOOK_MS, { clock, signal });
    }
    let told = "";
    while (probe !== undefined) {
      const { states, notes, ...round } = await probeStates(
        followers.map(({ state }) => state),
        probe,
        {
          ...{ clock, signal, all },
        },
      );
      isHealthy = round.isHealthy;
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
    if (signal.aborted) return;
    if (isHealthy === undefined) return onUnable(error);
    stderr.write(`kcfg: warning: probing ended: ${error}\n`);
  });
  return {
    get isHealthy() {
      return isHealthy === true;
    },
    async stop() {
      stopped.abort(new DOMException("Probing was stopped", "AbortError"));
      await running;
    },
  };
}
