/** The handler of the health listener (serve-config.md 3.3, 14.11). No check waits for anything or asks a backend. */

import { liveness, readiness } from "#lib/http/admin.ts";
import type { CheckResult } from "#lib/http/admin.ts";
import { exactRoutes } from "#lib/http/exact_routes.ts";
import { plain } from "#lib/http/plain.ts";
import type { Handler } from "#lib/http/server.ts";
import type { RunningBus } from "./bus/bus.ts";
import type { AppParts } from "./parts.ts";

/** What the start and the stop tell about themselves. */
export interface AppState {
  /** Whether clients are to be sent here. */
  phase: "starting" | "serving" | "stopping";
  bus: RunningBus | undefined;
}

const OK: CheckResult = { status: "ok" };

const LISTENER: Readonly<Record<AppState["phase"], CheckResult>> = {
  starting: { status: "fail", detail: "the application listener is not open yet" },
  serving: OK,
  stopping: { status: "fail", detail: "stopping" },
};

/** Makes it; `state` is looked at for each request. */
export function createHealthHandler(
  path: string,
  { upstream, ring, hasPeers }: AppParts,
  state: Readonly<AppState>,
): Handler {
  return exactRoutes({
    [path]: () => plain("health ok"),
    "/livez": liveness,
    "/readyz": () =>
      readiness({
        listener: () => LISTENER[state.phase],
        ...(upstream.check && { backend: upstream.check }),
        ...(hasPeers && { discovery: () => ring.check() }),
        ...(state.bus !== undefined && { bus: () => state.bus?.check() ?? OK }),
      }),
  });
}
