/** The proxy that the environment names for a server, if any. */

import { isInNetwork, parseIpAddress } from "#lib/format/ip_address.ts";
import type { KubePlatform } from "../platform.ts";

/** A proxy and the variable that names it. */
export interface EnvironmentProxy {
  /** As URL; without a scheme in the variable it is `http`. */
  readonly url: string;
  readonly variable: string;
}

/**
 * `HTTPS_PROXY` or `HTTP_PROXY` (lower case as well), unless `NO_PROXY` excepts the host, by Go's rules: `*`, a name
 * with its subdomains, `.name` for its subdomains alone, an address, a network; but for networks an entry may end in a
 * port. Loopback is always excepted.
 */
export function proxyFromEnvironment(
  server: string,
  { env }: Pick<KubePlatform, "env">,
): EnvironmentProxy | undefined {
  const url = new URL(server);
  const read = (name: string) => {
    const variable = [name, name.toLowerCase()].find((variable) => env(variable));
    return variable === undefined ? undefined : { variable, text: env(variable) ?? "" };
  };
  const proxy = read(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (proxy === undefined || isLoopback(host)) return undefined;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const exceptions = (read("NO_PROXY")?.text ?? "").split(",").map((entry) =>
    entry.trim().toLowerCase()
  );
  if (exceptions.some((entry) => entry !== "" && excepts(entry, host, port))) return undefined;
  const { variable, text } = proxy;
  return { variable, url: text.includes("://") ? text : `http://${text}` };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function excepts(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const [, named = entry, entryPort] = /^([^:]+|\[.*\]):(\d+)$/.exec(entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const [text = "", bits] = named.replace(/^\[(.*)\]$/, "$1").split("/");
  const network = parseIpAddress(text);
  if (network !== undefined) {
    const address = parseIpAddress(host);
    const length = bits === undefined ? 8 * network.length : /^\d{1,3}$/.test(bits) ? +bits : NaN;
    return address !== undefined && isInNetwork(address, network, length);
  }
  if (/^\*?\./.test(named)) return host.endsWith(named.replace(/^\*/, ""));
  return host === named || host.endsWith(`.${named}`);
}
