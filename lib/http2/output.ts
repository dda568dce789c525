/** What is sent over a connection: in order, and what comes up in one turn of the event loop in one piece. */

import { joinBytes } from "#lib/collections/join_bytes.ts";
import type { ByteConnection } from "./byte_connection.ts";
import { ErrorCode, Http2Error } from "./http2_error.ts";

/** Frames that wait for a peer that does not read; of those that answer its own there is no other bound. */
const MAX_WAITING_FRAMES = 10_000;

/** The sending half. */
export class Output {
  readonly #connection: ByteConnection;
  readonly #onBroken: (cause: unknown) => void;
  #waiting: Uint8Array[] = [];
  #isSending = false;
  #isBroken = false;

  /** @param onBroken called once, when the connection takes no more */
  constructor(connection: ByteConnection, onBroken: (cause: unknown) => void) {
    this.#connection = connection;
    this.#onBroken = onBroken;
  }

  /** Sends frames behind all others. */
  push(...frames: readonly Uint8Array[]): void {
    if (this.#isBroken) return;
    if (this.#waiting.length > MAX_WAITING_FRAMES) {
      const state = `${MAX_WAITING_FRAMES} frames wait for a peer that does not read`;
      return this.#break(new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, state));
    }
    this.#waiting.push(...frames);
    if (!this.#isSending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    try {
      // Whatever else is sent in this turn goes into the same piece.
      await undefined;
      while (this.#waiting.length > 0) {
        const [first = new Uint8Array(0), ...others] = this.#waiting;
        this.#waiting = [];
        await this.#connection.write(others.length === 0 ? first : joinBytes([first, ...others]));
      }
      this.#isSending = false;
    } catch (cause) {
      this.#break(cause);
    }
  }

  #break(cause: unknown): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#waiting = [];
    this.#onBroken(cause);
  }
}
