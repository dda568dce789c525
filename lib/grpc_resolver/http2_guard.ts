/**
 * Keeps Deno 2.9.4 to 2.9.6 from crashing when a draining gRPC server says so (denoland/deno#36788): `@grpc/grpc-js`
 * then ends the HTTP/2 session inside one of the session's own callbacks, and nghttp2 walks on through freed memory.
 * The runtime does so itself, when the session has no streams. Here `close` and `destroy` of every client session run
 * from a fresh macrotask instead; a microtask is not late enough. Nothing is done on other versions and runtimes.
 */

import { systemClock } from "#lib/run/clock.ts";

/** The part of a session that ends it. */
interface EndableSession {
  readonly destroyed: boolean;
  close(...given: unknown[]): void;
  destroy(...given: unknown[]): void;
}

interface Http2 {
  connect: (...given: unknown[]) => EndableSession;
}

const AFFECTED = ["2.9.4", "2.9.5", "2.9.6"];
const GUARDED = Symbol.for("kcfg.grpc_resolver.http2_guard");

/** Version of Deno this runs on; `undefined` on Node and Bun. */
function denoVersion(): string | undefined {
  const host = globalThis as { readonly [name: string]: unknown };
  const runtime = host["Deno"] as { readonly version: { readonly deno: string } } | undefined;
  return runtime?.version.deno;
}

/** Whether the running version needs the guard. */
export function needsHttp2Guard(version: string | undefined = denoVersion()): boolean {
  return version !== undefined && AFFECTED.includes(version);
}

/** Installs it once per process; resolves to whether it is there. */
export async function installHttp2Guard(): Promise<boolean> {
  if (!needsHttp2Guard()) return false;
  // The module object that `require` gives out; the namespace of an import could not be changed.
  const loaded: { readonly default: unknown } = await import("node:http2");
  guardSessions(loaded.default as Http2);
  return true;
}

/** Wraps `connect` of a module; once. */
export function guardSessions(http2: Http2): void {
  const marked = http2 as Http2 & { [GUARDED]?: boolean };
  if (marked[GUARDED] === true) return;
  const { connect } = http2;
  http2.connect = (...given) => {
    const session = connect(...given);
    deferEnds(session);
    return session;
  };
  marked[GUARDED] = true;
}

function deferEnds(session: EndableSession): void {
  for (const how of ["close", "destroy"] as const) {
    const end = session[how].bind(session);
    session[how] = (...given: unknown[]) => {
      // The runtime asks again for what has happened.
      if (session.destroyed) return;
      // The real clock: this is about the event loop, not about time.
      systemClock.timer(() => end(...given), 0);
    };
  }
}
