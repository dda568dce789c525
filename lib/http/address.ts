/** Listen addresses as Go programs write them: `host:port`, `:port`, `[v6]:port`. */

/** Where to listen. `hostname` is `undefined` for all interfaces. */
export interface ListenAddress {
  readonly hostname: string | undefined;
  readonly port: number;
}

/** What `:port` binds: both families, and IPv4 alone where the machine has no IPv6. */
export const ALL_INTERFACES = ["::", "0.0.0.0"] as const;

/**
 * Parses a listen address; `:port` means all interfaces.
 *
 * @throws {SyntaxError} when it has another form or the port is not between 0 and 65535
 */
export function parseListenAddress(text: string): ListenAddress {
  const parts = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]/\s]*)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port > 65535) {
    throw new SyntaxError(
      `"${text}" is not a listen address: expected HOST:PORT, :PORT or [IPV6]:PORT`,
    );
  }
  const hostname = parts[1] ?? parts[2] ?? "";
  return { hostname: hostname === "" ? undefined : hostname, port };
}

/** `host:port` with brackets around IPv6 addresses. */
export function formatAddress(
  { hostname, port }: { readonly hostname: string; readonly port: number },
): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Hosts that a listener there may bind, as the runtime's permissions name them. */
export function bindAddresses({ hostname, port }: ListenAddress): readonly string[] {
  const hostnames = hostname === undefined ? ALL_INTERFACES : [hostname];
  return hostnames.map((one) => formatAddress({ hostname: one, port }));
}

/** Where a URL of HTTP leads, with the port that goes without saying. */
export function hostAndPort({ protocol, hostname, port }: URL): string {
  // The URL brackets IPv6 itself.
  return `${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}
