/** `/healthz` as k8s-sidecar answers it (reload.md appendix A), on the port that its probes ask. */

import { startServer } from "#lib/http/server.ts";
import type { ListenAddress } from "#lib/http/address.ts";
import { plain } from "#lib/http/plain.ts";
import { requestTarget } from "#lib/http/request_target.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { RunFacts } from "../state.ts";

/** Starts it; it ends with `cleanup`. @throws {Error} when the address cannot be had */
export function startSidecarHealth(
  address: ListenAddress,
  cleanup: AsyncDisposableStack,
  { facts, log }: { readonly facts: Pick<RunFacts, "isReady">; readonly log: Logger },
): void {
  const server = startServer({
    name: "health",
    address,
    handler(request) {
      if (requestTarget(request.url).path !== "/healthz") return text("Not Found", 404);
      // When following ends for good the process does, so its third answer, NOT LIVE, nobody can get.
      return facts.isReady ? text("OK", 200) : text("NOT READY", 503);
    },
  }, { log });
  log.info("listening for probes", { health: `${server.address.hostname}:${server.address.port}` });
  cleanup.defer(() => server.stop(AbortSignal.timeout(1000)));
}

function text(body: string, status: number): Response {
  return plain(body, { status });
}
