/** The name of this replica in the ring (serve-config.md 6.1, 7.1): its address and the port all have in common. */

import type { Logger } from "#lib/log/logger.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";

const RETRY_MS = 5000;

/** `http://ADDRESS:PORT`, brackets around IPv6; the text is hashed, so every member must build it alike. */
export function peerUrl(address: string, port: number): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** Finds the addresses of a host name as the system does, its file of hosts included. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

/** The system's resolver. */
export async function systemLookup(hostname: string): Promise<readonly string[]> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

/**
 * The own address: the one given, else the first that the host name has. Asks until there is one.
 *
 * @throws the reason of `signal`
 */
export async function findOwnAddress(
  { podIp, readHostname, lookup }: {
    readonly podIp: string | undefined;
    readonly readHostname: () => Promise<string>;
    readonly lookup: Lookup;
  },
  { clock, log, signal }: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  if (podIp !== undefined) return podIp;
  while (true) {
    try {
      const hostname = await readHostname();
      const [first, ...more] = await lookup(hostname);
      if (first !== undefined) {
        if (more.length > 0) {
          log.info("host name has several addresses, the first is used", {
            hostname,
            addresses: [first, ...more].join(" "),
          });
        }
        return first;
      }
      log.warn("own address is not known yet", { hostname });
    } catch (err) {
      log.warn("own address is not known yet", { err });
    }
    await sleep(RETRY_MS, { clock, signal });
  }
}
