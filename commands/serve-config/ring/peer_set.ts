/** Who is in the ring, who owns what, and what is known of each peer (serve-config.md 6.1, 6.2). */

import { HashRing, rendezvousOwner } from "#lib/collections/hash_ring.ts";
import type { Clock } from "#lib/run/clock.ts";
import { Circuit } from "./circuit.ts";

/** What is known of a peer as long as it is in the ring. */
export interface Peer {
  /** Base URL without a slash at the end; the text itself is hashed. */
  readonly url: string;
  readonly circuit: Circuit;
  /** Whether it said that it is kcfg; `undefined` until it answered anything. */
  isKcfg: boolean | undefined;
}

/** The members, this replica included. */
export class PeerSet {
  /** This replica's own URL. */
  readonly self: string;
  readonly #kind: "seed" | "rendezvous";
  readonly #clock: Clock;
  #peers = new Map<string, Peer>();
  #ring: HashRing;

  constructor(
    { self, kind }: { readonly self: string; readonly kind: "seed" | "rendezvous" },
    { clock }: { readonly clock: Clock },
  ) {
    this.self = self;
    this.#kind = kind;
    this.#clock = clock;
    this.#ring = new HashRing([self]);
  }

  /** Members without this replica. */
  get others(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** All URLs, sorted. */
  get urls(): readonly string[] {
    return [this.self, ...this.#peers.keys()].sort();
  }

  /**
   * Makes the members those of `urls` and this replica. What is known of those that stay is kept.
   *
   * @returns those that are new, or `undefined` when nothing changed
   */
  replace(urls: Iterable<string>): readonly Peer[] | undefined {
    const wanted = new Set(urls);
    wanted.delete(this.self);
    const fresh = [...wanted].filter((url) => !this.#peers.has(url));
    if (fresh.length === 0 && wanted.size === this.#peers.size) return undefined;
    this.#peers = new Map(
      [...wanted].map((url) => [url, this.#peers.get(url) ?? this.#newPeer(url)]),
    );
    this.#ring = new HashRing([this.self, ...wanted]);
    return fresh.flatMap((url) => this.#peers.get(url) ?? []);
  }

  /** The peer that owns a key; `undefined` when this replica does. */
  async owner(key: string): Promise<Peer | undefined> {
    if (this.#peers.size === 0) return undefined;
    const url = this.#kind === "seed"
      ? this.#ring.owner(key)
      : await rendezvousOwner([this.self, ...this.#peers.keys()], key);
    return url === undefined ? undefined : this.#peers.get(url);
  }

  #newPeer(url: string): Peer {
    return { url, circuit: new Circuit({ clock: this.#clock }), isKcfg: undefined };
  }
}
