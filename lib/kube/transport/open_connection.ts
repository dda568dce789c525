/** Opens a connection for requests, by the lightest means that can speak TLS with the server. */

import type { Socket } from "node:net";
import type { ByteConnection } from "#lib/http2/byte_connection.ts";
import type { OpenLightTls } from "./contract.ts";
import { dial, type DialLimits, type DialTarget, withinLimits } from "./dial.ts";
import { lightTlsTarget } from "./light_tls.ts";
import { socketBytes } from "./socket_bytes.ts";

/** An open connection, by what both ends speak. */
export type Opened =
  | { readonly protocol: "h2"; readonly bytes: ByteConnection }
  | { readonly protocol: "http/1.1"; readonly socket: Socket };

/**
 * Connects, offering both protocols.
 *
 * @param openLightTls the runtime's own TLS, where it has one
 * @throws {TransportError} of kind `connect`, `tls` or `proxy`, or the signal's reason
 */
export async function openConnection(
  target: Omit<DialTarget, "alpn">,
  limits: DialLimits,
  openLightTls?: OpenLightTls,
): Promise<Opened> {
  if (openLightTls !== undefined) {
    const bytes = await withinLimits(target, limits, async (signal) => {
      const light = lightTlsTarget(target, signal);
      return light === undefined ? undefined : await openLightTls(light);
    });
    if (bytes !== undefined) return { protocol: "h2", bytes };
  }
  const { socket, protocol } = await dial({ ...target, alpn: ["h2", "http/1.1"] }, limits);
  return protocol === "h2" ? { protocol, bytes: socketBytes(socket) } : { protocol, socket };
}
