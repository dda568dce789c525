/**
 * Bodies that clients send: so large, within so long, so many at once. Whoever sends none, or sends it byte by byte,
 * costs a place for ten seconds and nothing more.
 */

import { plain } from "#lib/http/plain.ts";
import { readBody } from "#lib/http/read_body.ts";
import type { Clock } from "#lib/run/clock.ts";
import { tooBusy } from "./failure_answers.ts";

/** Bounds of a reader. */
export interface BodyReaderOptions {
  /** Largest body. */
  readonly maxBytes: number;
  /** Bodies being read at the same time; 16 by default. */
  readonly maxAtOnce?: number;
}

/** How long a body may take, in milliseconds. */
const WITHIN_MS = 10_000;

/** Makes the function that reads a body, or answers in its place: 413 too large, 408 too slow, 503 too many. */
export function createBodyReader(
  { maxBytes, maxAtOnce = 16 }: BodyReaderOptions,
  { clock }: { readonly clock: Clock },
): (request: Request) => Promise<Uint8Array<ArrayBuffer> | Response> {
  let reading = 0;
  return async (request) => {
    if (reading >= maxAtOnce) return tooBusy();
    const late = new AbortController();
    const timer = clock.timer(() => late.abort(), WITHIN_MS);
    reading += 1;
    try {
      const bytes = await readBody(request, maxBytes, { signal: late.signal });
      return bytes ?? plain("body too large", { status: 413 });
    } catch (error) {
      if (!late.signal.aborted) throw error;
      return plain("body not received in time", { status: 408 });
    } finally {
      reading -= 1;
      timer.cancel();
    }
  };
}
