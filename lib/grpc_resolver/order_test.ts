/** The published order (resolve.md 5.8). */

import assert from "node:assert/strict";
import { inPublishedOrder } from "./order.ts";
import type { Family, ResolvedEndpoint } from "./resolution.ts";

function endpoint(text: string): ResolvedEndpoint {
  const [family, host = "", port] = text.split(" ");
  const addresses = family === "" ? [] : [{ host, port: Number(port), family: family as Family }];
  return { addresses } as unknown as ResolvedEndpoint;
}

Deno.test("inPublishedOrder() is by family, IPv4 by bytes and other hosts as text, then port", () => {
  const ordered = [
    "IPv4 9.0.0.1 80",
    "IPv4 10.0.0.2 80",
    "IPv4 10.0.0.2 443",
    "IPv4 10.0.0.10 80",
    "IPv4 10.0.1.0 80",
    "IPv4 10.2.0.0 80",
    "IPv4 200.0.0.1 80",
    "IPv4 255.255.255.255 80",
    "IPv6 fd00::1 80",
    "IPv6 fd00::10 80",
    "IPv6 fd00::2 80",
    "FQDN a 80",
    "FQDN a.example 443",
  ];
  for (const step of [2, 5, 7]) {
    // A step without a common divisor visits every place once.
    const mixed = ordered.map((_, at) => ordered[at * step % ordered.length] ?? "");
    const shown = inPublishedOrder(mixed.map(endpoint)).map(({ addresses: [first] }) =>
      `${first?.family} ${first?.host} ${first?.port}`
    );
    assert.deepEqual(shown, ordered);
  }
});
