/** The proxy that the environment names for a server, if any. */

import type { KubePlatform } from "../platform.ts";

/**
 * Value of `HTTPS_PROXY` or `HTTP_PROXY` (lower case as well), unless `NO_PROXY` excepts the host: `*`, a name
 * with its subdomains, an address, an IPv4 network; an entry may end in a port. Loopback is always excepted.
 */
export function proxyFromEnvironment(
  server: string,
  { env }: Pick<KubePlatform, "env">,
): string | undefined {
  const url = new URL(server);
  const read = (name: string) => env(name) || env(name.toLowerCase()) || undefined;
  const proxy = url.protocol === "https:" ? read("HTTPS_PROXY") : read("HTTP_PROXY");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (proxy === undefined || isLoopback(host)) return undefined;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const exceptions = (read("NO_PROXY") ?? "").split(",").map((entry) => entry.trim().toLowerCase());
  if (exceptions.some((entry) => entry !== "" && excepts(entry, host, port))) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function excepts(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const [, name = entry, entryPort] = /^([^:]+|\[.*\]):(\d+)$/.exec(entry) ?? [];
  if (entryPort !== undefined && entryPort !== port) return false;
  const network = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(name);
  if (network !== null) return inNetwork(host, network[1] ?? "", Number(network[2]));
  const domain = name.replace(/^\*?\./, "").replace(/^\[(.*)\]$/, "$1");
  return host === domain || host.endsWith(`.${domain}`);
}

function inNetwork(host: string, network: string, bits: number): boolean {
  const [a, b] = [host, network].map(addressNumber);
  if (a === undefined || b === undefined || bits > 32) return false;
  const size = 2 ** (32 - bits);
  return Math.floor(a / size) === Math.floor(b / size);
}

function addressNumber(address: string): number | undefined {
  const parts = address.split(".").map(Number);
  const isAddress = parts.length === 4 && parts.every((part) => part >= 0 && part <= 255);
  return isAddress ? parts.reduce((sum, part) => sum * 256 + part, 0) : undefined;
}
