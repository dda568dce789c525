/**
 * The order in which endpoints are published (resolve.md 5.8). Written so that sorting a thousand of them, which a
 * program does once and then waits, leaves next to nothing for the collector: no text a key, no pair a comparison.
 */

import type { Family, ResolvedEndpoint } from "./resolution.ts";

/** Families in their order. */
export const FAMILY_ORDER: readonly Family[] = ["IPv4", "IPv6", "FQDN"];

const DOT = 46;
const ZERO = 48;
const LAST = 0xffff;

/** By family, then IPv4 addresses by their bytes and other hosts as text, then port; of the first address each. */
export function inPublishedOrder<T extends ResolvedEndpoint>(endpoints: readonly T[]): T[] {
  const places: number[] = [];
  // The bytes of IPv4 addresses, two and two: small integers alone are compared without being allocated.
  const high = new Uint16Array(endpoints.length);
  const low = new Uint16Array(endpoints.length);
  for (let at = 0; at < endpoints.length; at++) {
    places.push(at);
    const first = endpoints[at]?.addresses[0];
    if (first?.family === "IPv4") readIpv4(first.host, at, high, low);
    else high[at] = low[at] = LAST;
  }
  places.sort((a, b) =>
    (high[a] ?? 0) - (high[b] ?? 0) || (low[a] ?? 0) - (low[b] ?? 0) ||
    compareFirst(endpoints[a], endpoints[b])
  );
  const ordered: T[] = [];
  for (const at of places) {
    const endpoint = endpoints[at];
    if (endpoint !== undefined) ordered.push(endpoint);
  }
  return ordered;
}

/** By code units, the same everywhere. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compareFirst(
  one: ResolvedEndpoint | undefined,
  other: ResolvedEndpoint | undefined,
): number {
  const a = one?.addresses[0];
  const b = other?.addresses[0];
  if (a === undefined || b === undefined) return 0;
  return FAMILY_ORDER.indexOf(a.family) - FAMILY_ORDER.indexOf(b.family) ||
    compareText(a.host, b.host) || a.port - b.port;
}

/** Puts the bytes of an address in their places; of a text that is none, some numbers. */
function readIpv4(host: string, place: number, high: Uint16Array, low: Uint16Array): void {
  let half = high;
  let part = 0;
  let dots = 0;
  for (let at = 0; at < host.length; at++) {
    const code = host.charCodeAt(at);
    if (code !== DOT) {
      part = part * 10 + code - ZERO;
      continue;
    }
    dots += 1;
    half[place] = (half[place] ?? 0) * 256 + part;
    if (dots === 2) half = low;
    part = 0;
  }
  half[place] = (half[place] ?? 0) * 256 + part;
}
