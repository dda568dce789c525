/**
 * Who owns a key among equal peers: the consistent-hash ring of the group-cache protocol (serve-config 6.2)
 * and rendezvous hashing, which spreads better but is spoken by kcfg replicas alone.
 */

import { crc32 } from "../format/crc32.ts";

const VIRTUAL_NODES = 50;

interface Node {
  readonly hash: number;
  readonly peer: string;
}

/** The ring of a fixed set of peers; make a new one when they change. */
export class HashRing {
  readonly #nodes: readonly Node[];

  /** `peers` in any order; `virtualNodes` points each on the ring, 50 by default. */
  constructor(
    peers: Iterable<string>,
    { virtualNodes = VIRTUAL_NODES }: { readonly virtualNodes?: number } = {},
  ) {
    const peerByHash = new Map<number, string>();
    // compat: of two nodes with one hash the greatest name wins, whatever order the peers came in.
    for (const peer of [...new Set(peers)].sort()) {
      for (let at = 0; at < virtualNodes; at++) peerByHash.set(crc32(`${at}${peer}`), peer);
    }
    this.#nodes = [...peerByHash].map(([hash, peer]) => ({ hash, peer }))
      .sort((a, b) => a.hash - b.hash);
  }

  /** The peer that owns `key`: that of the first node at or behind its hash; `undefined` without peers. */
  owner(key: string): string | undefined {
    const hash = crc32(key);
    let [low, high] = [0, this.#nodes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#nodes[middle]?.hash ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return (this.#nodes[low] ?? this.#nodes[0])?.peer;
  }

  /** Nodes in ascending order of their hashes, for inspection. */
  nodes(): readonly Readonly<{ hash: number; peer: string }>[] {
    return this.#nodes;
  }
}

/**
 * The peer with the greatest first eight bytes of SHA-256(peer, NUL, key); `undefined` without peers. Of equals
 * the greatest name.
 */
export async function rendezvousOwner(
  peers: Iterable<string>,
  key: string,
): Promise<string | undefined> {
  const scores = await Promise.all(
    [...new Set(peers)].sort().map(async (peer) => {
      const digest = await crypto.subtle.digest(
        "SHA-256",
        new TextEncoder().encode(`${peer}\0${key}`),
      );
      return { peer, score: new DataView(digest).getBigUint64(0) };
    }),
  );
  let best = scores[0];
  for (const candidate of scores) {
    if (best === undefined || candidate.score >= best.score) best = candidate;
  }
  return best?.peer;
}
