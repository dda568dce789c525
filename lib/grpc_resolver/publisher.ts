/**
 * When a list goes out (resolve.md 5.8): an addition at once or with its burst, a removal 20 ms after its event, so
 * that an endpoint on its way between slices is in every list. Nothing waits longer than 20 ms.
 */

import type { Clock, Timer } from "#lib/run/clock.ts";
import { inPublishedOrder } from "./order.ts";
import type { AddressList, HostPort, ResolvedEndpoint } from "./resolution.ts";
import { haveSameAddresses } from "./same_list.ts";

/** Milliseconds of a burst, and for which a removal is held back. */
const BURST_MS = 20;

/** What a publisher needs. */
export interface PublisherDeps {
  readonly clock: Clock;
  /** Gets each list that differs from the one before. */
  readonly publish: (list: AddressList) => void;
  /** Whether a list is the one that went out last; by default the published addresses alone count. */
  readonly isSame?: ((list: AddressList, published: AddressList) => boolean) | undefined;
}

interface Held {
  readonly endpoint: ResolvedEndpoint;
  readonly dueMs: number;
}

/** Takes lists as they are computed and passes them on in time. */
export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #held = new Map<string, Held>();
  #latest: AddressList | undefined;
  #published: AddressList | undefined;
  #lastMs = -Infinity;
  #timer: Timer | undefined;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** The list that went out last. */
  get published(): AddressList | undefined {
    return this.#published;
  }

  /** A list after an event. */
  offer(list: AddressList): void {
    const nowMs = this.#deps.clock.monotonic();
    this.#latest = list;
    const present = addressesOf(list.usable);
    for (const [key, { endpoint }] of this.#held) {
      if (isWithin(endpoint, present)) this.#held.delete(key);
    }
    for (const endpoint of this.#published?.usable ?? []) {
      if (isWithin(endpoint, present)) continue;
      const key = endpoint.addresses.map(keyOf).join(",");
      if (!this.#held.has(key)) this.#held.set(key, { endpoint, dueMs: nowMs + BURST_MS });
    }
    this.#settle(nowMs, { isDue: nowMs - this.#lastMs >= BURST_MS });
  }

  /** A list after a whole read: goes out at once. */
  replace(list: AddressList): void {
    this.#held.clear();
    this.#latest = list;
    this.#settle(this.#deps.clock.monotonic(), { isDue: true });
  }

  /** Nothing goes out any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#latest = undefined;
  }

  #settle(nowMs: number, { isDue }: { readonly isDue: boolean }): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const latest = this.#latest;
    if (latest === undefined) return;
    let isOver = isDue;
    for (const [key, { dueMs }] of this.#held) {
      if (dueMs > nowMs) continue;
      this.#held.delete(key);
      isOver = true;
    }
    const list = withHeld(latest, [...this.#held.values()].map(({ endpoint }) => endpoint));
    const { isSame = haveSameUsable } = this.#deps;
    const differs = this.#published === undefined || !isSame(list, this.#published);
    if (differs && isOver) {
      this.#published = list;
      this.#lastMs = nowMs;
      this.#deps.publish(list);
    }
    const due = [...this.#held.values()].map(({ dueMs }) => dueMs);
    if (differs && !isOver) due.push(this.#lastMs + BURST_MS);
    if (due.length === 0 || this.#latest === undefined) return;
    const delayMs = Math.max(0, Math.min(...due) - nowMs);
    this.#timer = this.#deps.clock.timer(
      () => this.#settle(this.#deps.clock.monotonic(), { isDue: true }),
      delayMs,
      { unref: true },
    );
  }
}

function haveSameUsable(list: AddressList, published: AddressList): boolean {
  return haveSameAddresses(list.usable, published.usable);
}

function keyOf({ host, port }: HostPort): string {
  return `${host} ${port}`;
}

function addressesOf(endpoints: readonly ResolvedEndpoint[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { addresses } of endpoints) for (const address of addresses) keys.add(keyOf(address));
  return keys;
}

function isWithin({ addresses }: ResolvedEndpoint, keys: ReadonlySet<string>): boolean {
  return addresses.every((address) => keys.has(keyOf(address)));
}

/** What is held stands for its parts: a pod that has lost one family is not in the list a second time. */
function withHeld(list: AddressList, held: readonly ResolvedEndpoint[]): AddressList {
  if (held.length === 0) return list;
  const keys = addressesOf(held);
  const others = list.usable.filter((one) => !isWithin(one, keys));
  const usable = inPublishedOrder([...others, ...held]);
  const rest = list.endpoints.filter((one) => !one.usable && !isWithin(one, keys));
  return { ...list, usable, endpoints: [...usable, ...rest], empty: undefined };
}
