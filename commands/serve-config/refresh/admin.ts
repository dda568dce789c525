/** Looking into a replica and telling it to refresh (serve-config.md 14.8), on the metrics listener with `--admin`. */

import type { Handler } from "#lib/http/server.ts";
import { notFound } from "#lib/http/plain.ts";
import { requestTarget } from "#lib/http/request_target.ts";
import { redactText } from "#lib/log/redact.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { ConfigCache } from "../cache/cache.ts";
import type { Ring } from "../ring/ring.ts";
import type { Refresher } from "./refresher.ts";
import { told } from "./told.ts";

/** What the routes show. */
export interface AdminDeps {
  readonly cache: ConfigCache;
  readonly refresher: Refresher;
  readonly clock: Clock;
  readonly ring: () => Ring | undefined;
  /** Options as `name=value`, secrets masked. */
  readonly shown: readonly string[];
}

/** Makes the handler of `/-/…`; other paths go to `otherwise`. */
export function createAdminRoutes(
  { cache, refresher, clock, ring, shown }: AdminDeps,
  otherwise: Handler,
): Handler {
  const reads: Readonly<Record<string, () => unknown>> = {
    "/-/keys": () =>
      [...cache.entries()].map(({ key, entry }) => ({
        key,
        store: entry.store,
        bytes: entry.bytes.length,
        loadedAt: entry.loadedAtMs,
        expiresAt: entry.expiresAtMs ?? null,
        refreshedAt: entry.refreshedAtMs ?? null,
      })),
    "/-/peers": () => ({ members: ring()?.members() ?? [], peers: ring()?.peers() ?? [] }),
    "/-/config": () =>
      Object.fromEntries(shown.map((line) => {
        const equals = line.indexOf("=");
        return [line.slice(0, equals), redactText(line.slice(equals + 1))];
      })),
  };

  return (request, info) => {
    const { path, query } = requestTarget(request.url);
    if (!path.startsWith("/-/")) return otherwise(request, info);
    if (path === "/-/refresh" && request.method === "POST") {
      const destination = new URLSearchParams(query).get("destination") ?? "**";
      const removed = refresher.invalidate({ source: "admin", target: { destination } });
      return told(refresher, clock).then(() => Response.json({ removed }));
    }
    const read = Object.hasOwn(reads, path) ? reads[path] : undefined;
    return read === undefined || request.method !== "GET" ? notFound() : Response.json(read());
  };
}
