/** Texts about a Service that cannot be resolved (resolve.md 7.6); they reach callers as details of status 14. */

import { KubeApiError, KubeAuthError } from "#lib/kube/errors.ts";
import type { EmptyReason, ServiceFacts } from "./resolution.ts";
import type { SourceKind } from "./source_feed.ts";
import type { Target } from "./target.ts";

type Named = Pick<Target, "namespace" | "service">;

/** What is known beside an empty list. */
export interface Surroundings {
  /** `undefined` when it was not read or is not readable. */
  readonly service: ServiceFacts | undefined;
  /** What was read. */
  readonly source: SourceKind;
}

/** Why the list is empty. */
export function emptyText(
  target: Named,
  reason: EmptyReason,
  surroundings: Surroundings,
): string {
  return `${prefix(target)}: ${reasonText(reason, surroundings)}`;
}

function reasonText(reason: EmptyReason, { service, source }: Surroundings): string {
  if (service?.type === "ExternalName") {
    return "ExternalName services cannot be resolved by watching endpoints; " +
      `use dns:///${service.externalName}`;
  }
  switch (reason.kind) {
    case "no-slices":
      if (service?.found === false) return "service does not exist";
      return `${service === undefined ? "no" : "service exists but has no"} ${
        source === "endpoints" ? "Endpoints" : "EndpointSlices"
      }${service === undefined ? " found" : ""}`;
    case "none-ready":
      return `0 of ${reason.total} endpoints ready${
        reason.leftOut === 0 ? "" : `, ${reason.leftOut} left out by their family`
      }`;
    case "no-port": {
      if (reason.wanted === "") return "no usable port";
      if (/^\d+$/.test(reason.wanted)) {
        if (service === undefined) {
          return `port ${reason.wanted} is the Service's, which cannot be read`;
        }
        if (!service.found) return "service does not exist";
        const ports = service.ports.map(({ port }) => port).join(", ");
        return `Service has no port ${reason.wanted}${ports && ` (available: ${ports})`}`;
      }
      const names = reason.available.length === 0 ? "none" : reason.available.join(", ");
      return `no port named "${reason.wanted}" (available: ${names})`;
    }
  }
}

/** That there are some, and not as many as were waited for. */
export function tooFewText(target: Named, usable: number, needed: number): string {
  return `${prefix(target)}: ${usable} usable, waited for ${needed}`;
}

/** Why the API server gave nothing. */
export function failureText(target: Named, error: unknown): string {
  if (error instanceof KubeApiError) {
    const { status, statusMessage } = error;
    if (status === 401 || status === 403) {
      return `${prefix(target)}: access denied (HTTP ${status}): ${statusMessage}`;
    }
  }
  const cause = error instanceof Error ? error.message : String(error);
  if (error instanceof KubeAuthError) return `${prefix(target)}: no credentials: ${cause}`;
  return `${prefix(target)}: API server unreachable: ${cause}`;
}

function prefix({ namespace, service }: Named): string {
  return `kubernetes: service "${namespace}/${service}"`;
}
