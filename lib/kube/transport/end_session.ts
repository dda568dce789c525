/**
 * The only place that ends an HTTP/2 session. On Deno, `close()` or `destroy()` called inside a handler of
 * the session or of one of its streams frees memory that nghttp2 still walks, and the process dies; a
 * microtask is not late enough (denoland/deno#36788). The runtime calls them there itself, when a server says
 * goodbye to a session without streams.
 */

import type { ClientHttp2Session } from "node:http2";
import { systemClock } from "#lib/run/clock.ts";

/** Ends the session in a fresh macrotask: `close` lets streams finish, `destroy` does not. Idempotent. */
export function endSession(session: ClientHttp2Session, how: "close" | "destroy"): void {
  // The real clock even in tests with a manual one: this is about the event loop, not about time.
  systemClock.timer(() => {
    if (session.destroyed) return;
    if (how === "destroy") session.destroy();
    else if (!session.closed) session.close();
  }, 0);
}

/**
 * Has the runtime's own ends of a session wait for a fresh macrotask too; to be called once, when it is made.
 *
 * @param onEnd called at once: until it has ended, the session looks as if it took streams
 */
export function deferEnds(session: ClientHttp2Session, onEnd: () => void): void {
  for (const name of ["close", "destroy"] as const) {
    const end = (session[name] as (...given: unknown[]) => void).bind(session);
    session[name] = (...given: unknown[]) => {
      onEnd();
      systemClock.timer(() => end(...given), 0);
    };
  }
}
