/** Slices to addresses: rows 2, 5 to 9 and 19 of resolve.md 17. */

import assert from "node:assert/strict";
import { emptyText } from "./messages.ts";
import { slice, type SliceParts } from "#tests/support/slices.ts";
import { type AddressOptions, computeAddresses, formatHostPort } from "./addresses.ts";
import type { EndpointSlice } from "./slices.ts";

type Parts = SliceParts & { readonly name: string };

function compute(
  given: readonly Parts[],
  target: { port: string; portMode: "first" | "name" | "number" } = { port: "", portMode: "first" },
  options: AddressOptions = {},
) {
  const slices = given.map(({ name, ...parts }) => slice(name, parts) as unknown as EndpointSlice);
  const list = computeAddresses(target, slices, options);
  return {
    list,
    shown: list.usable.map(({ addresses }) => addresses.map(formatHostPort).join("+")),
  };
}

Deno.test("computeAddresses() merges all slices", () => {
  const given = ["a", "b", "c"].map((name, at) => ({
    name,
    endpoints: Array.from({ length: 100 }, (_, host) => `10.0.${at}.${host}`),
  }));
  assert.equal(compute(given).shown.length, 300);
  assert.equal(compute([...given.slice(1), { name: "a", endpoints: [] }]).shown.length, 200);
});

Deno.test("computeAddresses() uses those that serve until they end when none is ready", () => {
  const ending = { ready: false, serving: true, terminating: true };
  const endpoints = [
    { addresses: ["10.0.0.1"], conditions: ending },
    { addresses: ["10.0.0.2"], conditions: { ready: false } },
  ];
  const { list, shown } = compute([{ name: "a", endpoints }]);
  assert.deepEqual([shown, list.fallback], [["10.0.0.1:50051"], "serving-terminating"]);
  const off = compute([{ name: "a", endpoints }], undefined, { terminatingFallback: false });
  assert.deepEqual(off.list.empty, { kind: "none-ready", total: 2, leftOut: 0 });
});

Deno.test("computeAddresses() takes each slice's own number of a named port, and tells what there is", () => {
  const named = (port: number) => [{ name: "grpc", port }];
  const given = [
    { name: "a", ports: named(8080), endpoints: ["10.0.0.1"] },
    { name: "b", ports: named(9090), endpoints: ["10.0.0.2"] },
  ];
  const { shown } = compute(given, { port: "grpc", portMode: "name" });
  assert.deepEqual(shown, ["10.0.0.1:8080", "10.0.0.2:9090"]);
  const { list } = compute(given, { port: "http", portMode: "name" });
  assert.deepEqual(list.empty, { kind: "no-port", wanted: "http", available: ["grpc"] });
  const none = compute([{ name: "a", ports: null, endpoints: null }]);
  assert.deepEqual(none.list.empty, { kind: "none-ready", total: 0, leftOut: 0 });
});

Deno.test("computeAddresses() does not call unready what another family was asked for", () => {
  const endpoints = ["10.0.0.1", { addresses: ["10.0.0.2"], conditions: { ready: false } }];
  const { list } = compute([{ name: "a", endpoints }], undefined, { family: "ipv6" });
  assert.ok(list.empty !== undefined);
  assert.deepEqual(list.empty, { kind: "none-ready", total: 2, leftOut: 1 });
  assert.equal(
    emptyText({ namespace: "n", service: "s" }, list.empty, {
      service: undefined,
      source: "endpointslices",
    }),
    'kubernetes: service "n/s": 0 of 2 endpoints ready, 1 left out by their family',
  );
});

Deno.test("computeAddresses() makes one endpoint of a pod with both families", () => {
  const pod = { targetRef: { kind: "Pod", namespace: "prod", name: "web-1", uid: "u1" } };
  const given = [
    { name: "a", addressType: "IPv6", endpoints: [{ addresses: ["fd00::1"], ...pod }] },
    { name: "b", endpoints: [{ addresses: ["10.0.0.1"], ...pod }] },
  ];
  assert.deepEqual(compute(given).shown, ["10.0.0.1:50051+[fd00::1]:50051"]);
  const separate = compute(given, undefined, { family: "separate" });
  assert.deepEqual(separate.shown, ["10.0.0.1:50051", "[fd00::1]:50051"]);
  assert.deepEqual(compute(given, undefined, { family: "ipv6" }).shown, ["[fd00::1]:50051"]);
});

Deno.test("computeAddresses() warns of a truncated list, of skipped slices and of a Service's port", () => {
  const truncated = {
    ...slice("web-0-IPv4", { endpoints: ["10.0.0.1"] }),
    metadata: {
      name: "web-0-IPv4",
      annotations: { "endpoints.kubernetes.io/over-capacity": "truncated" },
    },
  } as unknown as EndpointSlice;
  const { warnings } = computeAddresses({ port: "", portMode: "first" }, [truncated]);
  assert.deepEqual(warnings, ["Endpoints: list truncated at 1000 addresses"]);

  const first = compute([
    { name: "a", ports: [{ name: "udp", port: 53, protocol: "UDP" }], endpoints: ["10.0.0.1"] },
    { name: "b", ports: [{ port: 8080 }, { name: "m", port: 9090 }], endpoints: ["10.0.0.2"] },
    { name: "c", ports: null, endpoints: null },
  ]);
  assert.deepEqual(first.shown, ["10.0.0.2:8080"]);
  assert.deepEqual(first.list.warnings, ["slice a: skipped, it has no TCP port"]);
  assert.deepEqual(first.list.notes, ["slice b: port 8080, the first of 2"]);

  const service = {
    ...{ found: true, type: "ClusterIP", clusterIP: "10.96.0.1", headless: false },
    ...{ publishNotReadyAddresses: false, ipFamilies: ["IPv4"], externalName: "" },
    ports: [{ name: "grpc", port: 80, targetPort: "grpc", protocol: "TCP", appProtocol: null }],
  };
  const literal = compute([{ name: "a", endpoints: ["10.0.0.1"] }], {
    port: "80",
    portMode: "number",
  }, { service });
  assert.deepEqual(literal.shown, ["10.0.0.1:80"]);
  assert.match(literal.list.warnings[0] ?? "", /port 80 is the Service's, pods listen on 50051/);
});

Deno.test("computeAddresses() keeps to the hinted zone or node, and ignores hints that are not whole", () => {
  const hinted = (host: string, zone: string, node: string) => ({
    addresses: [host],
    hints: { forZones: [{ name: zone }], forNodes: [{ name: node }] },
  });
  const endpoints = [hinted("10.0.0.1", "a", "n1"), hinted("10.0.0.2", "b", "n2")];
  const shown = (topology: AddressOptions["topology"], more: SliceParts["endpoints"] = []) =>
    compute([{ name: "a", endpoints: [...endpoints, ...more ?? []] }], undefined, { topology });
  const at = (mode: "zone" | "node" | "auto" | "off", zone?: string, node?: string) => ({
    ...{ mode, zone, node },
  });
  assert.deepEqual(shown(at("zone", "b", "n1")).shown, ["10.0.0.2:50051"]);
  assert.deepEqual(shown(at("node", "b", "n1")).shown, ["10.0.0.1:50051"]);
  assert.deepEqual(shown(at("auto", "b", "n1")).shown, ["10.0.0.1:50051"]);
  assert.equal(shown(at("zone", "c", "n1")).shown.length, 2);
  assert.equal(shown(at("off", "b", "n1")).shown.length, 2);
  assert.equal(shown(at("zone", "b", "n1"), ["10.0.0.3"]).shown.length, 3);
  const { list } = shown(at("zone", "b"));
  assert.deepEqual(list.endpoints.map(({ state }) => state), ["ready", "filtered:zone"]);
});

Deno.test("computeAddresses() of all ports blames no port of the target, which it ignores", () => {
  const ports = [{ name: "dns", port: 53, protocol: "UDP" }];
  const slices = [slice("web-1", { ports, endpoints: ["10.0.0.1"] })] as EndpointSlice[];
  for (const [port, portMode] of [["", "first"], ["grpc", "name"], ["80", "number"]] as const) {
    const { empty } = computeAddresses({ port, portMode }, slices, { allPorts: true });
    assert.deepEqual(empty, { kind: "no-port", wanted: "", available: [] });
  }
});
