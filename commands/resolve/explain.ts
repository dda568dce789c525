/** `--explain`: the decision about every slice, port and endpoint, and the facts it rests on. */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import { failureOf } from "#lib/grpc_resolver/failure.ts";
import type { ResolvedEndpoint, ServiceFacts } from "#lib/grpc_resolver/resolution.ts";
import { oneLine } from "#lib/term/one_line.ts";
import type { TargetState } from "./view.ts";

/** The explanation of a target, lines ended by newlines. */
export function explain(state: TargetState): string {
  const { target, snapshot } = state;
  const lines = [
    `target ${target.canonical}`,
    `  service ${target.service}, namespace ${target.namespace}, ${portText(target)}`,
  ];
  if (snapshot !== undefined) {
    const { list, source, service, resourceVersion } = snapshot;
    lines.push(`  read from ${source}, resource version ${resourceVersion}`);
    lines.push(`  ${serviceText(service)}`);
    if (list.slices.length === 0) lines.push("  no slices");
    for (const slice of list.slices) {
      const ports = slice.ports.map(({ name, port, protocol }) =>
        `${name || "(unnamed)"}=${port ?? "all"}/${protocol}`
      );
      lines.push(
        `  slice ${slice.name}: ${slice.addressType}, ${slice.endpoints} endpoints, ports ` +
          (ports.join(", ") || "none"),
      );
      for (const endpoint of list.endpoints.filter((one) => one.slice === slice.name)) {
        lines.push(`    ${endpointText(endpoint)}`);
      }
    }
    if (list.fallback !== null) {
      lines.push("  none is ready: those that serve until they end are used");
    }
    lines.push(`  ${list.usable.length} of ${list.endpoints.length} endpoints are used`);
  }
  const error = failureOf(state);
  if (error !== undefined) lines.push(`  ${error.code}: ${error.message}`);
  return lines.map((line) => `${oneLine(line)}\n`).join("");
}

function portText({ port, portMode }: TargetState["target"]): string {
  if (portMode === "first") return "first TCP port of each slice";
  return portMode === "name" ? `port named "${port}"` : `port number ${port}`;
}

function serviceText(service: ServiceFacts | undefined): string {
  if (service === undefined) return "service not readable (needs get on services)";
  if (!service.found) return "service does not exist";
  const ports = service.ports.map(({ name, port, targetPort }) =>
    `${name || "(unnamed)"}=${port}->${targetPort}`
  );
  const type = service.headless ? `${service.type}, headless` : service.type;
  return `service is ${type}, families ${service.ipFamilies.join(",") || "-"}, ports ` +
    (ports.join(", ") || "none");
}

function endpointText(endpoint: ResolvedEndpoint): string {
  const { addresses, usable, state, rawConditions, targetRef } = endpoint;
  const conditions = Object.entries(rawConditions)
    .map(([name, value]) => `${name}=${value === null ? "unset" : value}`);
  const who = targetRef === null ? "" : ` ${targetRef.kind}/${targetRef.name}`;
  const decision = usable ? "used" : `not used: ${state}`;
  return `${addresses.map(formatHostPort).join(" + ")}${who}: ${decision} (${
    conditions.join(", ")
  })`;
}
