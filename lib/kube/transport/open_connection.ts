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

/** The runtime's own TLS, where it has one, until it fails in a way that must not be repeated. */
export interface LightTls {
  open: OpenLightTls | undefined;
}

/**
 * Connects, offering both protocols.
 *
 * @throws {TransportError} of kind `connect`, `tls` or `proxy`, or the signal's reason
 */
export async function openConnection(
  target: Omit<DialTarget, "alpn">,
  limits: DialLimits,
  lightTls: LightTls,
): Promise<Opened> {
  return await withinLimits(target, limits, async (signal) => {
    // The next one hung like this is ended by Node's layer: connections must not pile up.
    const onAbandoned = () => lightTls.open = undefined;
    const light = lightTlsTarget(target, { signal, onAbandoned });
    const bytes = light === undefined ? undefined : await lightTls.open?.(light);
    if (bytes !== undefined) return { protocol: "h2", bytes };
    const offer = { ...target, alpn: ["h2", "http/1.1"] };
    const { socket, protocol } = await dial(offer, { ...limits, signal });
    return protocol === "h2" ? { protocol, bytes: socketBytes(socket) } : { protocol, socket };
  });
}
