/** The door of the application listener (serve-config.md 14.9): who asks, and may they read this key. */

import { plain } from "#lib/http/plain.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import { applicationsOfKey } from "./applications.ts";
import type { NamedObjects } from "./applications.ts";
import type { Authenticator, Identity } from "./identity.ts";

/** What the guard needs. */
export interface GuardDeps {
  /** Any of them suffices. */
  readonly authenticators: readonly Authenticator[];
  /** Who a request's client certificate says sent it; absent where certificates are not asked. */
  readonly certified?: ((request: Request) => Identity | undefined) | undefined;
  /** Absent where keys name no objects of a cluster. */
  readonly objects?: NamedObjects | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** What every application inherits from; whoever is known may read it. */
const SHARED = "application";

/** Makes the function that says no; it is asked for every request, whatever is kept. */
export function createGuard(
  { authenticators, certified, objects, metrics, log }: GuardDeps,
): (request: Request, key: string) => Promise<Response | undefined> {
  const denied = metrics.counter({
    name: "kcfg_auth_denied_total",
    help: "Requests that were turned away",
    labels: ["reason"],
  });

  async function identify(token: string): Promise<Identity | "unknown" | "unavailable"> {
    let isUnavailable = false;
    for (const authenticator of authenticators) {
      const verdict = await authenticator.verify(token);
      if (verdict.kind === "known") return verdict.identity;
      if (verdict.kind === "unknown") continue;
      isUnavailable = true;
      log.error("token cannot be judged", { reason: verdict.reason });
    }
    return isUnavailable ? "unavailable" : "unknown";
  }

  function refuse(reason: string, status: number, text: string): Response {
    denied.inc([reason]);
    const response = plain(text, { status });
    if (status === 401) response.headers.set("www-authenticate", 'Bearer realm="kcfg"');
    if (status === 503) response.headers.set("retry-after", "5");
    return response;
  }

  function mayRead(identity: Identity, key: string): boolean {
    return applicationsOfKey(key, objects).every((names) =>
      names.some((name) => name === SHARED || identity.mayRead(name))
    );
  }

  return async (request, key) => {
    const holder = certified?.(request);
    if (holder !== undefined && mayRead(holder, key)) return undefined;
    const header = request.headers.get("authorization") ?? "";
    const token = /^Bearer +([^\s]+)$/i.exec(header)?.[1];
    const identity = token === undefined ? holder : await identify(token);
    if (identity === undefined) return refuse("no-token", 401, "unauthorized");
    if (identity === "unknown") return refuse("unknown-token", 401, "unauthorized");
    if (identity === "unavailable") return refuse("unavailable", 503, "cannot be checked now");
    if (mayRead(identity, key)) return undefined;
    log.info("reading denied", { identity: identity.name, key });
    return refuse("not-allowed", 403, "forbidden");
  };
}
