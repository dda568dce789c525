/** The configuration that was chosen, in one line: where it is from, where it leads, who it says we are. */

import type { KubeConnection } from "#lib/kube/mod.ts";
import type { Finding } from "./report.ts";

/** The finding for a usable configuration. */
export function configurationFinding(connection: KubeConnection): Finding {
  const { origin, server, namespace, serverName } = connection;
  const detail = [
    `${origin ?? "flags"}: ${server}`,
    ...(serverName === undefined ? [] : [`TLS name ${serverName}`]),
    ...proxyOf(connection),
    credentialsOf(connection),
    `namespace "${namespace}"`,
  ].join(", ");
  const isPlain = server.startsWith("http:");
  if (!isPlain || !hasCredentials(connection)) {
    return { check: "configuration", status: "ok", detail };
  }
  return {
    check: "configuration",
    status: "warn",
    detail,
    hint: "credentials are not sent to a server without TLS, which sees somebody anonymous",
  };
}

/** Without user name and password. */
function proxyOf({ proxyUrl, proxyOrigin }: KubeConnection): readonly string[] {
  if (proxyUrl === undefined) return [];
  const { protocol, host } = new URL(proxyUrl);
  const from = proxyOrigin === undefined ? "" : ` (${proxyOrigin})`;
  return [`through the proxy ${protocol}//${host}${from}`];
}

function hasCredentials({ clientCertificate, token, basic, exec }: KubeConnection): boolean {
  return [clientCertificate, token, basic, exec].some((one) => one !== undefined);
}

function credentialsOf(connection: KubeConnection): string {
  const { clientCertificate, token, basic, exec, impersonate } = connection;
  const kinds = [
    ...(clientCertificate === undefined ? [] : ["client certificate"]),
    ...(token === undefined ? [] : ["token"]),
    ...(basic === undefined ? [] : ["password"]),
    ...(exec === undefined ? [] : [`plugin ${exec.command}`]),
  ];
  const shown = kinds.length === 0 ? "anonymous" : kinds.join(" and ");
  return impersonate === undefined ? shown : `${shown} as ${impersonate.user}`;
}
