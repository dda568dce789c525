/**
 * Loads of the cache under way: one per key however many ask, and no answer that an invalidation overtook while
 * a newer one can be had. Two loads of a key run at once after an invalidation, and the older may read later:
 * whoever got its answer and asked again could be given the older bytes of the newer load.
 */

import { SingleFlight } from "#lib/collections/single_flight.ts";
import type { Generations, Ticket } from "../refresh/generations.ts";

/** What a load is told. */
export interface LoadContext {
  /** Says whether an invalidation overtook this load: its result is not to be kept then. */
  readonly ticket: Ticket;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

interface Landed<V> {
  readonly value: V;
  readonly isOvertaken: boolean;
}

/** How often an asker whose load was overtaken waits for a newer one, so that a storm of changes ends too. */
const MAX_NEWER = 4;

/** Loads by key. */
export class CacheLoads<V> {
  readonly #flights = new SingleFlight<string, Landed<V>>();
  readonly #generations: Generations;
  readonly #kept: (key: string) => V | undefined;

  constructor({ generations, kept }: {
    readonly generations: Generations;
    /** What a newer load left in the cache for the key of one that was overtaken. */
    readonly kept: (key: string) => V | undefined;
  }) {
    this.#generations = generations;
    this.#kept = kept;
  }

  /** Keys being loaded; those forgotten do not count. */
  keys(): Iterable<string> {
    return this.#flights.keys();
  }

  /** Whether a call for `key` would join a load. */
  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /** Lets later askers start anew. Those who wait get the newer answer if there is one by then. */
  forget(key: string): void {
    this.#flights.forget(key);
  }

  /**
   * Joins the load of `key`, or starts `load`.
   *
   * @throws the reason of `signal` when this asker gives up, or what the load throws
   */
  async run(
    key: string,
    load: (context: LoadContext) => Promise<V>,
    signal: AbortSignal,
  ): Promise<V> {
    const begin = async (flightSignal: AbortSignal) => {
      using ticket = this.#generations.begin(key);
      const value = await load({ ticket, signal: flightSignal });
      return { value, isOvertaken: ticket.outdated };
    };
    let landed = await this.#flights.run(key, begin, { signal });
    for (let newer = 0; landed.isOvertaken && newer < MAX_NEWER; newer++) {
      if (!this.#flights.has(key)) return this.#kept(key) ?? landed.value;
      landed = await this.#flights.run(key, begin, { signal });
    }
    return landed.value;
  }
}
