/** When lists go out: checklist rows 4 and 23 of resolve.md 17. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { slice } from "#tests/support/slices.ts";
import { computeAddresses } from "./addresses.ts";
import { Publisher } from "./publisher.ts";
import type { EndpointSlice } from "./slices.ts";

const TARGET = { port: "", portMode: "first" } as const;

function list(...slices: readonly (readonly string[])[]) {
  return computeAddresses(
    TARGET,
    slices.map((endpoints, at) =>
      slice(`web-${at}`, { endpoints: [...endpoints] }) as unknown as EndpointSlice
    ),
  );
}

function publisher() {
  const clock = new ManualClock();
  const sent: { readonly atMs: number; readonly hosts: string }[] = [];
  const made = new Publisher({
    clock,
    publish: ({ usable }) =>
      sent.push({
        atMs: clock.monotonic(),
        hosts: usable.map(({ addresses: [first] }) => first?.host.split(".").at(-1)).join(" "),
      }),
  });
  return { clock, sent, made };
}

Deno.test("Publisher sends a lone addition at once and a burst as one", async () => {
  const { clock, sent, made } = publisher();
  made.replace(list(["10.0.0.1"]));
  await clock.advance(100);
  made.offer(list(["10.0.0.1", "10.0.0.2"]));
  assert.deepEqual(sent.at(-1), { atMs: 100, hosts: "1 2" });
  const burst = ["10.0.0.1", "10.0.0.2"];
  for (let host = 3; host <= 12; host++) {
    burst.push(`10.0.0.${host}`);
    made.offer(list(burst));
  }
  await clock.advance(100);
  assert.equal(sent.length, 3);
  assert.deepEqual(sent.at(-1), { atMs: 120, hosts: "1 2 3 4 5 6 7 8 9 10 11 12" });
});

Deno.test("Publisher keeps an endpoint that moves between slices in every list", async () => {
  const { clock, sent, made } = publisher();
  made.replace(list(["10.0.0.1", "10.0.0.2"], []));
  await clock.advance(100);
  made.offer(list(["10.0.0.1"], []));
  await clock.advance(10);
  made.offer(list(["10.0.0.1"], ["10.0.0.2"]));
  await clock.advance(100);
  assert.deepEqual(sent.map(({ hosts }) => hosts), ["1 2"]);
  made.offer(list(["10.0.0.1"], []));
  await clock.advance(100);
  assert.deepEqual(sent.at(-1), { atMs: 230, hosts: "1" });
});
