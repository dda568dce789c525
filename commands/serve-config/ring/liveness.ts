/**
 * Whether a peer that does not answer is slow or gone. A slow one is waited for, because it may be loading the
 * object for everybody; one that is gone must not cost a client more than a second. So whoever waits asks it for
 * something that needs no backend, on a connection of its own.
 */

import { sleep } from "#lib/run/clock.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import type { Peer } from "./peer_set.ts";

/** How long a peer is waited for before it is asked whether it is there. */
const PATIENCE_MS = 300;
/** How long it has for that. Together they are the second that a lost peer may cost. */
const ANSWER_MS = 700;
/** How long after a sign of life it is asked again. */
const AGAIN_MS = 1000;

/** What it needs. */
export interface LivenessDeps {
  /** Asks a peer whether it is there; any answer will do. */
  ask(peer: Peer, signal: AbortSignal): Promise<unknown>;
  readonly clock: Clock;
}

/** Asks peers whether they are there, each by one question at a time. */
export class Liveness {
  readonly #deps: LivenessDeps;
  readonly #asking = new WeakMap<Peer, Promise<boolean>>();

  constructor(deps: LivenessDeps) {
    this.#deps = deps;
  }

  /** Calls `onSilent` once when the peer proves to be gone, unless disposed of before. */
  watch(peer: Peer, onSilent: () => void): Disposable {
    const { clock } = this.#deps;
    let isOver = false;
    let timer: Timer | undefined;
    const wait = (ms: number) => {
      timer = clock.timer(() => {
        void this.#isThere(peer).then((isThere) => {
          if (isOver) return;
          if (isThere) return wait(AGAIN_MS);
          isOver = true;
          onSilent();
        });
      }, ms);
    };
    wait(PATIENCE_MS);
    return {
      [Symbol.dispose]() {
        isOver = true;
        timer?.cancel();
      },
    };
  }

  /** Looks after a peer that is left alone, if it is time, in the background; an answer closes its circuit. */
  lookAfter(peer: Peer): void {
    if (peer.circuit.isDue) void this.#isThere(peer);
  }

  #isThere(peer: Peer): Promise<boolean> {
    const asking = this.#asking.get(peer) ??
      this.#ask(peer).finally(() => this.#asking.delete(peer));
    this.#asking.set(peer, asking);
    return asking;
  }

  async #ask(peer: Peer): Promise<boolean> {
    const { ask, clock } = this.#deps;
    const answered = new AbortController();
    const late = new AbortController();
    sleep(ANSWER_MS, { clock, signal: answered.signal }).then(
      () => late.abort(new Error(`No sign of life within ${ANSWER_MS} ms`)),
      () => {
        // It answered in time.
      },
    );
    try {
      await ask(peer, late.signal);
      peer.circuit.succeeded();
      return true;
    } catch {
      // Why does not matter: whoever waits reports its own failure.
      peer.circuit.silent();
      return false;
    } finally {
      answered.abort();
    }
  }
}
