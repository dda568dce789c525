/** What goes wrong in a soak, one thing at a time. */

import type { BackendFault } from "#tests/support/faulty_backend.ts";
import { BACKEND_TIMEOUT_MS } from "./world.ts";
import type { World } from "./world.ts";

/** What is going wrong now; answers are judged by it. */
export interface Trouble {
  /** Faults of each kind so far. */
  readonly counts: Map<string, number>;
  /** The kind of the fault there is, or was until a moment ago. */
  now: FaultKind | undefined;
  /** Raised when a fault begins and when it is over, so that overlaps can be seen. */
  epoch: number;
}

/** Where a fault strikes. */
export type FaultKind = "backend" | "broker" | "api" | "peer";

/** How long faults last. */
export interface FaultOptions {
  readonly world: World;
  /** Longest fault, in milliseconds. */
  readonly maxMs: number;
}

// A soak is about real time passing; nothing is asserted about how much did.
/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Lets `kind` go wrong and makes it good again. */
export async function strike(
  kind: FaultKind,
  trouble: Trouble,
  { world, maxMs }: FaultOptions,
): Promise<void> {
  trouble.now = kind;
  trouble.epoch += 1;
  const ms = maxMs * (0.2 + 0.8 * Math.random());
  const name = await FAULTS[kind](world, ms);
  trouble.counts.set(name, (trouble.counts.get(name) ?? 0) + 1);
  trouble.epoch += 1;
  trouble.now = undefined;
}

const FAULTS: Readonly<Record<FaultKind, (world: World, ms: number) => Promise<string>>> = {
  async backend({ backend }, ms) {
    const fault = oneOf<BackendFault>(["error", "hang", "cut", "reset", "slow"]);
    backend.fault = fault;
    await pause(ms);
    backend.fault = undefined;
    // A request that hangs ends by its limit, after which a peer or a client may have to be told.
    if (fault === "hang" || fault === "slow") await pause(BACKEND_TIMEOUT_MS + 500);
    else await pause(200);
    return `backend ${fault}`;
  },
  async broker({ broker, brokerRelay }, ms) {
    const fault = oneOf(["cut", "freeze", "refuse", "kill"]);
    if (fault === "kill") {
      await broker.kill();
      await pause(ms);
      await broker.start();
      return "broker killed";
    }
    await breakRelay(brokerRelay, fault, ms);
    return `broker ${fault}`;
  },
  async api({ apiRelay }, ms) {
    const fault = oneOf(["cut", "freeze", "refuse"]);
    await breakRelay(apiRelay, fault, ms);
    return `api ${fault}`;
  },
  async peer(world, ms) {
    const victim = world.victim();
    if (Math.random() < 0.5) {
      victim.process.signal("SIGKILL");
      await pause(ms);
      await world.restart();
      return "peer killed";
    }
    victim.process.signal("SIGSTOP");
    await pause(ms);
    victim.process.signal("SIGCONT");
    // What it was told meanwhile reaches it now, or at the last try.
    await pause(1500);
    return "peer stopped";
  },
};

async function breakRelay(
  relay: World["apiRelay"],
  fault: string,
  ms: number,
): Promise<void> {
  if (fault === "freeze") relay.freeze({ newToo: true });
  if (fault === "refuse") relay.refuse();
  if (fault !== "freeze") relay.cut();
  await pause(ms);
  relay.resume();
  // What a frozen connection held back may reach a client that has given it up.
  if (fault === "freeze" && Math.random() < 0.5) relay.cut();
}

/** One of them, at random. */
export function oneOf<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}
