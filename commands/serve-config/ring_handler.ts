/** The handler of the ring listener, made of the parts. */

import type { Handler } from "#lib/http/server.ts";
import type { Clock } from "#lib/run/clock.ts";
import { joinKey } from "./requests/forward.ts";
import type { AppParts } from "./parts.ts";
import type { RingRoutesDeps } from "./ring/ring_routes.ts";

/** Makes it; what it stands on is loaded with the first request, for a replica alone is asked for nothing. */
export function createRingHandler(
  { cache, refresher, secret, ringMetrics, isHttp, onLoadFailed }: AppParts,
  { clock }: { readonly clock: Clock },
): Handler {
  const deps: RingRoutesDeps = {
    cache,
    refresher,
    secret,
    metrics: ringMetrics,
    clock,
    // A key that Go sends is a path, whatever is in it.
    keyOf: (key, { isKcfg }) => isKcfg || !isHttp ? key : joinKey(key),
    onLoadFailed,
  };
  let loading: Promise<Handler> | undefined;
  return async (request, info) => {
    loading ??= import("./ring/ring_routes.ts").then((lib) => lib.createRingRoutes(deps));
    return await (await loading)(request, info);
  };
}
