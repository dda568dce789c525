/**
 * Deno 2.9.4 to 2.9.6 end the process when a gRPC client closes an HTTP/2 session inside one of its callbacks, as
 * grpc-js does on GOAWAY (denoland/deno#36788). There, and only there, sessions are closed from a fresh macrotask.
 */

import http2 from "node:http2";

/** What is known of the runtime. */
interface DenoGlobal {
  readonly Deno?: { readonly version: { readonly deno: string } };
}

const AFFECTED = /^2\.9\.[456]$/;
let isInstalled = false;

/** Whether this runtime needs the guard. */
export function needsDenoHttp2Guard(version: string | undefined = denoVersion()): boolean {
  return version !== undefined && AFFECTED.test(version);
}

/** Installs the guard once, where it is needed; returns whether it is installed now. */
export function installDenoHttp2Guard(): boolean {
  if (isInstalled || !needsDenoHttp2Guard()) return isInstalled;
  isInstalled = true;
  const connect = http2.connect.bind(http2);
  const guarded = (...args: Parameters<typeof http2.connect>) => {
    const session = connect(...args);
    for (const name of ["close", "destroy"] as const) defer(session, name);
    return session;
  };
  (http2 as { connect: unknown }).connect = guarded;
  return true;
}

/** Makes a method run in a later turn of the event loop. */
function defer(session: object, name: "close" | "destroy"): void {
  const target = session as Record<string, (...args: unknown[]) => unknown>;
  const original = target[name]?.bind(session);
  if (original === undefined) return;
  target[name] = (...args) => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => {
      port1.close();
      port2.close();
      original(...args);
    };
    port1.postMessage(null);
    return undefined;
  };
}

function denoVersion(): string | undefined {
  return (globalThis as DenoGlobal).Deno?.version.deno;
}
