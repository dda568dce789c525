/** The ring of replicas in one piece: members, what is asked of owners, what is told to all. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { OwnerAnswer } from "../cache/cache_result.ts";
import type { SpreadEvent } from "../refresh/refresher.ts";
import type { LoadRequest } from "../upstream/upstream.ts";
import { PeerClient } from "./peer_client.ts";
import type { PeerClientDeps } from "./peer_client.ts";
import { PeerSet } from "./peer_set.ts";
import type { RingMetrics } from "./ring_metrics.ts";
import { createSpreader } from "./spread.ts";

/** Which ring. */
export interface RingOptions {
  /** Own URL. */
  readonly self: string;
  readonly kind: "seed" | "rendezvous";
  /** Whether a key may go to a peer that is not known to be kcfg. */
  readonly isPlainKey: (key: string) => boolean;
}

/** What the ring needs. */
export interface RingDeps extends Omit<PeerClientDeps, "clock" | "log"> {
  readonly metrics: RingMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends what runs in the background. */
  readonly signal: AbortSignal;
}

/** The ring as the rest of the server sees it. */
export interface Ring {
  /** All members' URLs. */
  members(): readonly string[];
  /** What is known of the others, for inspection. */
  peers(): readonly {
    readonly url: string;
    readonly isKcfg: boolean | null;
    readonly isOpen: boolean;
  }[];
  /** Makes the members those of `urls` and this replica. */
  replace(urls: Iterable<string>): void;
  /** The owner's answer; `undefined` when the key is to be loaded here. Never rejects but with `signal`. */
  askOwner(key: string, signal: AbortSignal, request?: LoadRequest): Promise<OwnerAnswer>;
  /** Tells the others. Never rejects. */
  spread(event: SpreadEvent): Promise<void>;
}

/** Makes the ring of this replica alone. */
export function createRing({ self, kind, isPlainKey }: RingOptions, deps: RingDeps): Ring {
  const { metrics, log, signal: stopping } = deps;
  const peers = new PeerSet({ self, kind }, deps);
  const client = new PeerClient(deps);
  metrics.observe(() => peers.urls.length);

  /** Finds out which dialect they speak, before the first event needs to know. */
  async function greet(fresh: readonly { readonly url: string }[]): Promise<void> {
    const greeting = { id: crypto.randomUUID(), origin: self, keys: [] };
    await Promise.all(
      peers.others.filter((peer) => fresh.includes(peer)).map((peer) =>
        client.invalidate(peer, greeting).then(
          () => log.debug("peer greeted", { peer: peer.url, isKcfg: peer.isKcfg }),
          (err) => log.debug("peer does not answer yet", { peer: peer.url, err }),
        )
      ),
    );
  }

  return {
    members: () => peers.urls,
    peers: () =>
      peers.others.map(({ url, isKcfg, circuit }) => ({
        url,
        isKcfg: isKcfg ?? null,
        isOpen: circuit.isOpen,
      })),
    replace(urls) {
      const fresh = peers.replace(urls);
      if (fresh === undefined) return;
      log.info("ring changed", { members: peers.urls.join(" ") });
      if (!stopping.aborted) void greet(fresh);
    },
    async askOwner(key, signal, request) {
      const owner = await peers.owner(key);
      if (owner === undefined || !client.isReachable(owner)) return undefined;
      if (owner.isKcfg !== true && !isPlainKey(key)) return undefined;
      try {
        const answer = await client.fetch(owner, key, { ...request, signal });
        metrics.peerLoad();
        return answer;
      } catch (err) {
        if (signal.aborted) throw signal.reason;
        metrics.peerError();
        log.debug("owner could not be asked, loading here", { peer: owner.url, key, err });
        return undefined;
      }
    },
    spread: createSpreader({ ...deps, peers, client }),
  };
}
