/** When the runtime's own TLS may be used instead of Node's layer, which knows every case and costs more. */

import { isInternalName } from "#lib/format/internal_name.ts";
import type { LightTlsTarget } from "./contract.ts";
import { type DialTarget, hostAndPort } from "./dial.ts";

/** What the attempt has of its owner. */
export type LightTlsOwner = Pick<LightTlsTarget, "signal" | "onAbandoned">;

/**
 * The target as the runtime's own TLS takes it, or `undefined`.
 *
 * It cannot do without verification, present a certificate or speak through a proxy. And it trusts the public authorities
 * beside those of the cluster, which must not matter: they vouch for no internal name.
 */
export function lightTlsTarget(
  { server, tls, proxy }: Omit<DialTarget, "alpn">,
  owner: LightTlsOwner,
): LightTlsTarget | undefined {
  const { host, port } = hostAndPort(server);
  const name = tls.serverName ?? host;
  if (server.protocol !== "https:" || proxy !== undefined) return undefined;
  if (tls.ca === undefined || tls.insecure === true || tls.cert !== undefined) return undefined;
  if (!isInternalName(name)) return undefined;
  return { server: server.host, host, port, name, ca: tls.ca, ...owner };
}
