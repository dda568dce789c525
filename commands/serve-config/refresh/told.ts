/** How long whoever reports a change waits for the other replicas to hear of it. */

import { atMost } from "#lib/run/at_most.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { Refresher } from "./refresher.ts";

/** Longer than it takes to find out that a peer is gone, shorter than senders of webhooks wait. */
const WITHIN_MS = 2000;

/**
 * Resolves when the peers that can be reached have dropped what was refreshed so far, so that an answer sent
 * afterwards means it; after 2 s at the latest.
 */
export function told(refresher: Refresher, clock: Clock): Promise<void> {
  return atMost(WITHIN_MS, refresher.settled(), { clock });
}
