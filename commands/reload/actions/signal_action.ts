/** Reload by a signal to the child (reload.md 8.3), not before it can take it. */

import type { Logger } from "#lib/log/logger.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import type { Child } from "../child.ts";
import { signalNumber } from "../signals.ts";
import type { Action } from "./action.ts";
import { readProc } from "./proc.ts";

/** Which signal, and how long its handler is waited for. */
export interface SignalActionOptions {
  readonly signal: Deno.Signal;
  readonly waitMs: number;
}

const POLL_MS = 100;
const SETTLE_MS = 100;
/** A program whose runtime catches nearly all signals tells nothing by it. */
const TELLING_BITS = 50;
const GROWN_UP_MS = 1000;

/** Makes the action. */
export function createSignalAction(
  { signal: name, waitMs }: SignalActionOptions,
  { child, clock, log }: {
    readonly child: Child;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Action {
  /** Process that is known to take the signal. */
  let ready: number | undefined;

  async function untilReady(pid: number, signal: AbortSignal): Promise<void> {
    const deadline = clock.monotonic() + waitMs;
    while (child.isRunning) {
      if (await takesSignal(pid)) return;
      if (clock.monotonic() >= deadline) {
        log.warn("application has no handler for the signal, it is sent all the same", {
          pid,
          signal: name,
        });
        return;
      }
      await sleep(POLL_MS, { clock, signal });
    }
  }

  async function takesSignal(pid: number): Promise<boolean> {
    const status = await readProc(`${pid}/status`);
    const isGrownUp = child.ageMs >= GROWN_UP_MS;
    if (status === undefined) return isGrownUp;
    const mask = (field: string) =>
      BigInt(`0x${new RegExp(`^${field}:\\s*([0-9a-f]+)`, "m").exec(status)?.[1] ?? "0"}`);
    const caught = mask("SigCgt");
    if (bitCount(caught) >= TELLING_BITS) return isGrownUp;
    const bit = 1n << BigInt(signalNumber(name) - 1);
    return ((caught | mask("SigIgn") | mask("SigBlk")) & bit) !== 0n;
  }

  return {
    name: "signal",
    async run(_run, signal) {
      const { pid } = child;
      // It will start with the new files.
      if (pid === undefined || !child.isRunning) return;
      if (ready !== pid) {
        await untilReady(pid, signal);
        ready = pid;
      }
      child.signal(name);
      await sleep(SETTLE_MS, { clock, signal });
      if (!child.isRunning) throw new Error(`the application ended after ${name}`);
    },
  };
}

function bitCount(mask: bigint): number {
  let count = 0;
  for (let rest = mask; rest !== 0n; rest &= rest - 1n) count += 1;
  return count;
}
