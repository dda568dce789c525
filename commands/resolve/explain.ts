/** `--explain`: what was decided for every slice, port and endpoint, for people at night. */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { EndpointState, ResolvedEndpoint } from "#lib/grpc_resolver/resolution.ts";
import type { Resolved } from "./resolution_json.ts";

const REASONS: Readonly<Record<EndpointState, string>> = {
  "ready": "ready",
  "terminating": "shutting down and still serving",
  "not-ready": "not ready",
  "filtered:zone": "another zone, by the hints of the control plane",
  "filtered:node": "another node, by the hints of the control plane",
  "filtered:family": "the other address family",
  "no-port": "its slice has no port that the target means",
  "unsupported-type": "its slice has an address type that is not supported",
};

/** Lines for stderr. */
export function explain({ target, published, failure }: Resolved): string {
  const lines = [`${target.canonical} (from "${target.input}")`];
  const port = target.port === ""
    ? "the first TCP port of each slice"
    : target.portMode === "name"
    ? `the port named "${target.port}" of each slice`
    : `port ${target.port}`;
  lines.push(`  port: ${port}`);
  if (published === undefined) {
    lines.push(`  no answer: ${failure?.message ?? "none yet"}`);
    return text(lines);
  }
  const { list, service, source, resourceVersion } = published;
  lines.push(`  source: ${source}, resource version ${resourceVersion}`);
  if (service === undefined) lines.push("  service: not read; it needs the right to get services");
  else if (!service.found) lines.push("  service: does not exist");
  else {
    const ports = service.ports.map(({ name, port: number, targetPort, protocol }) =>
      `${name === "" ? "" : `${name} `}${number}→${targetPort}/${protocol}`
    );
    lines.push(
      `  service: ${service.type}, cluster IP ${service.clusterIP}, ports ${ports.join(", ")}`,
    );
    if (service.headless) lines.push("  service: headless, DNS gives the same endpoints later");
  }
  for (const slice of list.slices) {
    const ports = slice.ports.map(({ name, port: number, protocol }) =>
      `${name === "" ? "" : `${name} `}${number ?? "all"}/${protocol}`
    );
    lines.push(
      `  slice ${slice.name}: ${slice.addressType}, ${slice.endpoints} endpoints, ` +
        `ports ${ports.length === 0 ? "none" : ports.join(", ")}`,
    );
  }
  for (const endpoint of list.endpoints) lines.push(`  ${lineOf(endpoint)}`);
  if (list.fallback !== null) {
    lines.push("  nothing is ready, so endpoints that are shutting down are used");
  }
  if (failure !== undefined) lines.push(`  nothing to use: ${failure.message}`);
  return text(lines);
}

function lineOf(endpoint: ResolvedEndpoint): string {
  const addresses = endpoint.addresses.map(formatHostPort).join("+");
  const verdict = endpoint.usable ? "used" : "not used";
  const absent = endpoint.rawConditions.ready === null ? ", condition absent" : "";
  return `${addresses}: ${verdict}, ${REASONS[endpoint.state]}${absent} (slice ${endpoint.slice})`;
}

function text(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
