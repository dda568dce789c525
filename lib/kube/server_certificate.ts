/** The certificate a server shows, for people who want to know when it expires. Not used by the client. */

import type { TLSSocket } from "node:tls";
import { systemClock } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { dial } from "./transport/dial.ts";

/** What is told of a certificate. */
export interface ServerCertificate {
  readonly subject: string;
  readonly notAfter: Date;
}

/**
 * Connects to an `https` server and reads its certificate without verifying it.
 *
 * @returns `undefined` for a server without TLS
 * @throws {TransportError} when it cannot be reached
 */
export async function readServerCertificate(
  { server, serverName, proxyUrl }: {
    readonly server: string;
    readonly serverName?: string | undefined;
    readonly proxyUrl?: string | undefined;
  },
  { signal, clock = systemClock, timeoutMs = 10_000 }: {
    readonly signal: AbortSignal;
    readonly clock?: Clock;
    readonly timeoutMs?: number;
  },
): Promise<ServerCertificate | undefined> {
  const url = new URL(server);
  if (url.protocol !== "https:") return undefined;
  const { socket } = await dial({
    server: url,
    tls: { insecure: true, serverName },
    proxy: proxyUrl === undefined ? undefined : new URL(proxyUrl),
    alpn: ["http/1.1"],
  }, { clock, timeoutMs, signal });
  try {
    const { subject, valid_to: validTo } = (socket as TLSSocket).getPeerCertificate();
    return { subject: String(subject?.CN ?? ""), notAfter: new Date(validTo) };
  } finally {
    socket.destroy();
  }
}
