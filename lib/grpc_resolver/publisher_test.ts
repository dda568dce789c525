/** When lists go out: checklist rows 4 and 23 of resolve.md 17. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { slice } from "#tests/support/slices.ts";
import { computeAddresses } from "./addresses.ts";
import { Publisher } from "./publisher.ts";
import type { ResolvedEndpoint } from "./resolution.ts";
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

function publisher(
  shown = ({ addresses: [first] }: ResolvedEndpoint) => first?.host.split(".").at(-1),
) {
  const clock = new ManualClock();
  const sent: { readonly atMs: number; readonly hosts: string }[] = [];
  const made = new Publisher({
    clock,
    publish: ({ usable }) =>
      sent.push({
        atMs: clock.monotonic(),
        hosts: usable.map(shown).join(" "),
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

Deno.test("Publisher has a pod of two families once in every list, whichever slice tells of it first", async () => {
  const { clock, sent, made } = publisher(({ addresses }) =>
    addresses.map(({ host }) => host).join("+")
  );
  type Seen = "ready" | "not ready" | "absent";
  const endpoints = (address: string, seen: Seen) =>
    seen === "absent" ? [] : [{
      addresses: [address],
      conditions: { ready: seen === "ready" },
      targetRef: { kind: "Pod", namespace: "prod", name: "a", uid: "a" },
    }];
  const told = (four: Seen, six: Seen) =>
    made.offer(computeAddresses(TARGET, [
      slice("web-4", { endpoints: endpoints("10.0.0.1", four) }),
      slice("web-6", { addressType: "IPv6", endpoints: endpoints("fd00::1", six) }),
    ] as unknown as EndpointSlice[]));
  made.replace(list());
  const lists = async () => {
    await clock.advance(100);
    return sent.splice(0).map(({ hosts }) => hosts);
  };
  await lists();
  told("ready", "absent");
  told("ready", "ready");
  assert.deepEqual(await lists(), ["10.0.0.1", "10.0.0.1+fd00::1"]);
  told("ready", "absent");
  assert.deepEqual(await lists(), ["10.0.0.1"]);
  told("ready", "ready");
  assert.deepEqual(await lists(), ["10.0.0.1+fd00::1"]);
  told("not ready", "ready");
  told("not ready", "not ready");
  assert.deepEqual(await lists(), [""]);
});
