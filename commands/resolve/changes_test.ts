/** Differences of lists whose pods have addresses of both families, or change them. */

import assert from "node:assert/strict";
import { computeAddresses } from "#lib/grpc_resolver/addresses.ts";
import type { EndpointSlice } from "#lib/grpc_resolver/slices.ts";
import { slice } from "#tests/support/slices.ts";
import { changesBetween } from "./changes.ts";

const READY = true;
const NOT_READY = false;
const targetRef = { kind: "Pod", namespace: "prod", name: "web-a", uid: "a" };
const of = (address: string, addressType: string, ready = READY) =>
  slice(`web-${addressType}`, {
    addressType,
    endpoints: [{ addresses: [address], conditions: { ready }, targetRef }],
  });

function endpoints(
  slices: readonly unknown[],
  family: "auto" | "separate" = "auto",
) {
  const target = { port: "", portMode: "first" } as const;
  return computeAddresses(target, slices as EndpointSlice[], { family }).endpoints;
}

const told = (changes: ReturnType<typeof changesBetween>) =>
  changes.map(({ type, endpoint: { addresses, state } }) =>
    `${type} ${addresses.map(({ host }) => host).join("+")} ${state}`
  );

Deno.test("changesBetween() removes a pod of both families with its new state", () => {
  const before = endpoints([of("10.0.0.1", "IPv4"), of("fd00::1", "IPv6")]);
  const after = endpoints([of("10.0.0.1", "IPv4", NOT_READY), of("fd00::1", "IPv6", NOT_READY)]);
  assert.deepEqual(told(changesBetween(before, after, { all: false })), [
    "REMOVED 10.0.0.1 not-ready",
  ]);
  assert.deepEqual(told(changesBetween(before, after, { all: true })), [
    "CHANGED 10.0.0.1 not-ready",
    "ADDED fd00::1 not-ready",
  ]);
});

Deno.test("changesBetween() removes no address that stays when its pod gets another one", () => {
  const one = [of("10.0.0.1", "IPv4")];
  const two = [...one, of("fd00::1", "IPv6")];
  const [few, many] = [endpoints(one, "separate"), endpoints(two, "separate")];
  assert.deepEqual(told(changesBetween(few, many, { all: false })), ["ADDED fd00::1 ready"]);
  assert.deepEqual(told(changesBetween(many, few, { all: false })), ["REMOVED fd00::1 ready"]);
  const merged = changesBetween(endpoints(one), endpoints(two), { all: false });
  assert.deepEqual(told(merged), ["CHANGED 10.0.0.1+fd00::1 ready"]);
});

Deno.test("changesBetween() takes no other pod for the one that had its address", () => {
  const before = endpoints([of("10.0.0.1", "IPv4")]);
  const other = before.map((one) => ({ ...one, targetRef: { ...targetRef, name: "b", uid: "b" } }));
  assert.deepEqual(
    changesBetween(before, other, { all: false }).map(({ type, endpoint }) =>
      `${type} ${endpoint.targetRef?.uid}`
    ),
    ["REMOVED a", "ADDED b"],
  );
});
