/** What is said when there is nothing to connect to (resolve.md 7.6): the same words in gRPC's status and on the terminal. */

import { KubeApiError } from "#lib/kube/errors.ts";
import type { EmptyReason, ServiceFacts } from "./resolution.ts";
import type { Target } from "./target.ts";

/** Kind of a failure, as exit statuses name it (resolve.md 12). */
export type FailureCode = "empty" | "notFound" | "denied" | "unreachable";

/** Why there is no address. */
export interface ResolveFailure {
  readonly code: FailureCode;
  readonly message: string;
}

type Named = Pick<Target, "namespace" | "service">;

/** A result without a usable address. */
export function emptyFailure(
  target: Named,
  reason: EmptyReason,
  service: ServiceFacts | undefined,
): ResolveFailure {
  return {
    code: service?.found === false ? "notFound" : "empty",
    message: `${subject(target)}: ${emptyText(reason, service)}`,
  };
}

function emptyText(reason: EmptyReason, service: ServiceFacts | undefined): string {
  if (service?.type === "ExternalName") {
    return "ExternalName services cannot be resolved by watching endpoints; use " +
      `dns:///${service.externalName}`;
  }
  switch (reason.kind) {
    case "no-slices":
      if (service === undefined) return "no EndpointSlices found";
      return service.found ? "service exists but has no EndpointSlices" : "service does not exist";
    case "none-ready":
      return `0 of ${reason.total} endpoints ready`;
    case "no-port": {
      const { wanted, available } = reason;
      const names = available.length === 0 ? "" : ` (available: ${available.join(", ")})`;
      if (wanted === "") return "no usable port";
      return /^\d+$/.test(wanted)
        ? `Service has no port ${wanted}${names}`
        : `no port named "${wanted}"${names}`;
    }
  }
}

/** An answer that is a refusal, or none at all. */
export function errorFailure(target: Named, error: unknown): ResolveFailure {
  if (error instanceof KubeApiError && (error.status === 401 || error.status === 403)) {
    return {
      code: "denied",
      message: `${subject(target)}: access denied (HTTP ${error.status}): ${error.statusMessage}`,
    };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { code: "unreachable", message: `${subject(target)}: API server unreachable: ${reason}` };
}

function subject({ namespace, service }: Named): string {
  return `kubernetes: service "${namespace}/${service}"`;
}
