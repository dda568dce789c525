/** What makes two lists different. */

import assert from "node:assert/strict";
import { slice } from "#tests/support/slices.ts";
import { computeAddresses } from "./addresses.ts";
import { haveSameAddresses, isSameList } from "./same_list.ts";
import type { EndpointSlice } from "./slices.ts";

function list(endpoints: readonly string[], node = "node-1") {
  const given = slice("web-1", {
    endpoints: endpoints.map((address) => ({ addresses: [address], nodeName: node })),
  });
  return computeAddresses({ port: "", portMode: "first" }, [given as unknown as EndpointSlice]);
}

Deno.test("haveSameAddresses() is about addresses, isSameList() about everything", () => {
  const one = list(["10.0.0.1", "10.0.0.2"]);
  const cases = {
    equal: list(["10.0.0.2", "10.0.0.1"]),
    fewer: list(["10.0.0.1"]),
    others: list(["10.0.0.1", "10.0.0.3"]),
    moved: list(["10.0.0.1", "10.0.0.2"], "node-2"),
  };
  const seen = Object.entries(cases).map(([name, other]) =>
    [name, haveSameAddresses(one.usable, other.usable), isSameList(one, other)] as const
  );
  assert.deepEqual(seen, [
    ["equal", true, true],
    ["fewer", false, false],
    ["others", false, false],
    ["moved", true, false],
  ]);
  assert.ok(!isSameList(list([]), { ...list([]), empty: { kind: "no-slices" } }));
});
