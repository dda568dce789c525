/** The pure part: ten slices of a hundred endpoints to one list, and fifty of them. */

import { computeAddresses } from "../../lib/grpc_resolver/addresses.ts";
import { haveSameAddresses } from "../../lib/grpc_resolver/same_list.ts";
import type { EndpointSlice } from "../../lib/grpc_resolver/slices.ts";
import { median, quantile, say } from "../processes.ts";

const TARGET = { port: "grpc", portMode: "name" } as const;
const ROUNDS = 500;

/** Measures both. */
export function merge(): Promise<void> {
  for (const count of [10, 50]) {
    const slices = Array.from({ length: count }, (_, at) => sliceOf(at));
    const merged: number[] = [];
    const parsed: number[] = [];
    const text = JSON.stringify(slices);
    const told = computeAddresses(TARGET, slices).usable;
    for (let round = 0; round < ROUNDS; round++) {
      const startedAt = performance.now();
      haveSameAddresses(computeAddresses(TARGET, slices).usable, told);
      merged.push((performance.now() - startedAt) * 1000);
      const parsedAt = performance.now();
      JSON.parse(text);
      parsed.push((performance.now() - parsedAt) * 1000);
    }
    say(
      `merge of ${count} slices × 100 endpoints: p50 ${median(merged).toFixed(0)} µs   p99 ${
        quantile(merged, 0.99).toFixed(0)
      } µs   JSON.parse of them ${median(parsed).toFixed(0)} µs`,
    );
  }
  return Promise.resolve();
}

function sliceOf(at: number): EndpointSlice {
  return {
    metadata: {
      name: `web-${at}`,
      namespace: "prod",
      labels: { "kubernetes.io/service-name": "web" },
    },
    addressType: "IPv4",
    ports: [{ name: "grpc", port: 50051 }],
    endpoints: Array.from({ length: 100 }, (_, host) => ({
      addresses: [`10.64.${at}.${host + 1}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${host % 10}`,
      zone: `zone-${host % 3}`,
      targetRef: {
        kind: "Pod",
        namespace: "prod",
        name: `web-${at}-${host}`,
        uid: `${at}-${host}`,
      },
    })),
  };
}
