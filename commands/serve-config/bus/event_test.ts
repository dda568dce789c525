/** Messages of the bus. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseBusEvent } from "./event.ts";

const read = (value: unknown) =>
  parseBusEvent(
    new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)),
  );
const TYPE = "RefreshRemoteApplicationEvent";

Deno.test("parseBusEvent() reads refreshes, and takes an absent destination for all", () => {
  assert.deepEqual(
    read({ type: TYPE, destinationService: "orders:**", id: "1", originService: "cfg", x: 1 }),
    { kind: "refresh", destination: "orders:**", id: "1", origin: "cfg" },
  );
  for (const destinationService of [undefined, null, "", "  "]) {
    const event = read({ type: TYPE, destinationService });
    assert.ok(event.kind === "refresh" && event.destination === "**");
  }
});

Deno.test("parseBusEvent() leaves other events and destinations that are no text alone", () => {
  assert.equal(read({ type: "AckRemoteApplicationEvent" }).kind, "ignored");
  assert.equal(read({ type: TYPE, destinationService: 5 }).kind, "ignored");
  for (const value of ["{", "null", "[]", "5", '{"type":1}', "{}"]) {
    assert.equal(read(value).kind, "malformed", value);
  }
});

Deno.test("parseBusEvent() takes any bytes", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseBusEvent(bytes)));
});
