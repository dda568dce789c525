/** EndpointSlices for tests. */

import type { Json, JsonObject } from "./kube_server/json.ts";

/** What differs between slices. */
export interface SliceParts {
  readonly service?: string;
  readonly namespace?: string;
  readonly addressType?: string;
  readonly ports?: Json[] | null;
  readonly endpoints?: (string | JsonObject)[] | null;
}

/** A slice; an endpoint given as text is a ready address. */
export function slice(name: string, parts: SliceParts = {}): JsonObject {
  const { service = "web", namespace = "prod", addressType = "IPv4" } = parts;
  const { ports = [{ name: "grpc", port: 50051, protocol: "TCP" }], endpoints = [] } = parts;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": service } },
    addressType,
    ports,
    endpoints:
      endpoints?.map((endpoint) =>
        typeof endpoint === "string" ? { addresses: [endpoint], conditions: {} } : endpoint
      ) ?? null,
  };
}
