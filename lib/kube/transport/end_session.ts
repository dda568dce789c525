/**
 * The only place that ends an HTTP/2 session. On Deno, `close()` or `destroy()` called inside a handler of
 * the session or of one of its streams frees memory that nghttp2 still walks, and the process dies; a
 * microtask is not late enough (denoland/deno#36788). The runtime calls them there itself, when a server says
 * goodbye to a session without streams.
 */

import type { ClientHttp2Session } from "node:http2";
import { systemClock } from "#lib/run/clock.ts";

type How = "close" | "destroy";

/** The part of a session that ends it. */
export interface EndableSession {
  readonly destroyed: boolean;
  close(...given: unknown[]): void;
  destroy(...given: unknown[]): void;
}

/** What really ends a session whose ends are deferred. */
const ends = new WeakMap<object, Readonly<Record<How, () => void>>>();

/** Ends the session in a fresh macrotask: `close` lets streams finish, `destroy` does not. Idempotent. */
export function endSession(session: ClientHttp2Session, how: How): void {
  // Streams of a session that has just been destroyed close behind it.
  if (session.destroyed) return;
  later(() => {
    if (session.destroyed || (how === "close" && session.closed)) return;
    const end = ends.get(session);
    if (end === undefined) session[how]();
    else end[how]();
  });
}

/**
 * Has the runtime's own ends of a session wait for a fresh macrotask too; to be called once, when it is made.
 *
 * @param onEnd called at once: until it has ended, the session looks as if it took streams
 */
export function deferEnds(session: EndableSession, onEnd: () => void = () => {}): void {
  const defer = (how: How) => {
    const end = session[how].bind(session);
    session[how] = (...given: unknown[]) => {
      // The runtime asks again for what has happened.
      if (session.destroyed) return;
      onEnd();
      later(() => end(...given));
    };
    return end;
  };
  ends.set(session, { close: defer("close"), destroy: defer("destroy") });
}

/** The real clock even in tests with a manual one: this is about the event loop, not about time. */
function later(work: () => void): void {
  systemClock.timer(work, 0);
}
