/** Reading the Service itself (resolve.md 4.5): never needed, never an error; without it diagnosis is coarser. */

import type { KubeReader } from "#lib/kube/contract.ts";
import { isNotFound } from "#lib/kube/errors.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { ServiceFacts } from "./resolution.ts";
import { factsOf, type Service } from "./slices.ts";
import type { Target } from "./target.ts";

/** Facts of the Service, `found: false` when it does not exist, `undefined` when it cannot be read. */
export async function readService(
  { namespace, service }: Pick<Target, "namespace" | "service">,
  { kube, logger, signal }: {
    readonly kube: Pick<KubeReader, "get">;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  },
): Promise<ServiceFacts | undefined> {
  const ref = { group: "", version: "v1", resource: "services", namespace, name: service };
  try {
    return factsOf(await kube.get<Service>(ref, { signal }));
  } catch (err) {
    if (isNotFound(err)) return factsOf(undefined);
    logger.debug("service not read", { namespace, service, err });
    return undefined;
  }
}
