/** Requests that wait for changes, as the routes see them. */

import type { LoadRequest } from "../upstream/upstream.ts";

/** Requests that wait. */
export interface Watch {
  /** Whether a request is one of them; asked for each. */
  isMeant(request: Request): boolean;
  /** Answers it. */
  answer(request: Request, watched: WatchedKey): Promise<Response>;
}

/** An answer, and the version of what its object was made of, where that has one. */
export interface WatchedAnswer {
  readonly response: Response;
  readonly version: string | null;
}

/** A key that a request waits on, and how its answers are made. */
export interface WatchedKey {
  readonly key: string;
  readonly load: LoadRequest;
  /** The answer to `request` as it is now, as if it did not wait; loads are joined however many wait. */
  answer(request: Request): Promise<WatchedAnswer>;
}
