/** How much each end may send before it hears of more room, of a stream and of the whole connection: RFC 9113, 5.2. */

import { MAX_WINDOW_BYTES } from "./frames.ts";
import { ErrorCode, Http2Error } from "./http2_error.ts";

/** What the peer may send. */
export class ReceiveWindow {
  readonly #bytes: number;
  #allowed: number;
  #free = 0;

  /** @param bytes what it was offered */
  constructor(bytes: number) {
    this.#bytes = bytes;
    this.#allowed = bytes;
  }

  /** Counts what came. @throws {Http2Error} when it is more than was allowed */
  receive(bytes: number): void {
    this.#allowed -= bytes;
    if (this.#allowed >= 0) return;
    throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "more was sent than the window allows");
  }

  /** So many bytes need no room any more; gives what the peer is to be told, mostly 0. */
  giveBack(bytes: number): number {
    this.#free += bytes;
    // Not each time: half of the window is on its way meanwhile.
    if (this.#free < this.#bytes / 2) return 0;
    const told = this.#free;
    this.#allowed += told;
    this.#free = 0;
    return told;
  }
}

/** What we may send; below nothing when the peer has taken back what was used already. */
export class SendWindow {
  #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** What is left. */
  get bytes(): number {
    return this.#bytes;
  }

  /** So many bytes are sent. */
  use(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** The peer takes more, or less. @throws {Http2Error} above the largest window */
  widen(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MAX_WINDOW_BYTES) throw windowTooLarge();
  }
}

/** What is told of one. */
export function windowTooLarge(): Http2Error {
  return new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "a window is too large");
}
