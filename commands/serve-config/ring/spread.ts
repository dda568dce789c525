/**
 * Telling everyone in the ring that something changed (serve-config.md 6.6): first those who own it, then the
 * others, so that nobody brings the old value back from an owner who has not heard. What could not be told is
 * tried again in the background and keeps nobody else waiting.
 */

import type { Logger } from "#lib/log/logger.ts";
import { atMost } from "#lib/run/at_most.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { SpreadEvent } from "../refresh/refresher.ts";
import type { PeerClient } from "./peer_client.ts";
import type { Peer, PeerSet } from "./peer_set.ts";
import type { RingMetrics } from "./ring_metrics.ts";

const RETRIES_MS = [200, 1000, 5000] as const;
/** Messages that may wait for another try; what is beyond is counted and given up. */
const MAX_RETRYING = 1000;
/** How long a peer that was lost is waited for, which is enough for one that is back. */
const LOST_MS = 250;
/** DELETEs at one peer at the same time. */
const MAX_CONCURRENT = 32;

/** What it needs. */
export interface SpreaderDeps {
  readonly peers: PeerSet;
  readonly client: PeerClient;
  readonly metrics: RingMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends the tries that wait. */
  readonly signal: AbortSignal;
}

/** Makes the function that tells the peers; it never rejects. */
export function createSpreader(deps: SpreaderDeps): (event: SpreadEvent) => Promise<void> {
  const { peers, client, metrics, clock, log, signal } = deps;
  let retrying = 0;

  /** Tells once; a failure is tried again without anybody waiting. */
  async function tell(peer: Peer, send: () => Promise<unknown>): Promise<void> {
    const wasLost = peer.circuit.isOpen;
    const told = send().then(() => undefined, (err) => retryLater(peer, send, err));
    // One that was lost may be back, and then it must hear of this before anybody relies on it.
    await (wasLost ? atMost(LOST_MS, told, { clock }) : told);
  }

  function retryLater(peer: Peer, send: () => Promise<unknown>, err: unknown): void {
    if (signal.aborted) return;
    if (retrying >= MAX_RETRYING) return giveUp(peer, err);
    retrying += 1;
    retry(peer, send).catch((error) => giveUp(peer, error)).finally(() => retrying -= 1);
  }

  async function retry(peer: Peer, send: () => Promise<unknown>): Promise<void> {
    let last: unknown;
    for (const ms of RETRIES_MS) {
      await sleep(ms, { clock, signal });
      // A peer that left the ring holds nothing that anybody asks for.
      if (!peers.others.includes(peer)) return;
      try {
        return void await send();
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  function giveUp(peer: Peer, err: unknown): void {
    if (signal.aborted) return;
    metrics.deleteError(peer.url);
    log.warn("peer was not told of a change", { peer: peer.url, err });
  }

  /** One message to a replica of kcfg, one DELETE a key to the replaced program. */
  async function tellAll(peer: Peer, event: SpreadEvent, keys: readonly string[]): Promise<void> {
    if (peer.isKcfg !== false) {
      let understood = true;
      await tell(peer, async () => {
        understood = await client.invalidate(peer, { ...event, origin: peers.self });
      });
      if (understood) return;
    }
    for (let at = 0; at < keys.length; at += MAX_CONCURRENT) {
      const some = keys.slice(at, at + MAX_CONCURRENT);
      await Promise.all(some.map((key) => tell(peer, () => client.delete(peer, key))));
    }
  }

  return async (event) => {
    const others = peers.others.filter(({ isKcfg }) => event.kcfgOnly !== true || isKcfg === true);
    const owners = new Map<Peer, string[]>();
    for (const key of event.keys) {
      const owner = await peers.owner(key);
      if (owner !== undefined && others.includes(owner)) {
        owners.set(owner, [...owners.get(owner) ?? [], key]);
      }
    }
    // Which keys a replica of kcfg owns beyond those held here is not known, so each is among the first.
    const first = others.filter((peer) => owners.has(peer) || peer.isKcfg !== false);
    await Promise.all(first.map((peer) => tellAll(peer, event, owners.get(peer) ?? [])));
    if (others.length < 2) return;
    await Promise.all(others.map((peer) => {
      const owned = new Set(owners.get(peer));
      return tellAll(peer, event, event.keys.filter((key) => !owned.has(key)));
    }));
  };
}
