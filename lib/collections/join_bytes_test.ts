/** Bytes put together. */

import assert from "node:assert/strict";
import { joinBytes } from "./join_bytes.ts";

Deno.test("joinBytes() keeps the order, passes over empty pieces, and copies", () => {
  const first = Uint8Array.of(1, 2);
  const whole = joinBytes([first, new Uint8Array(0), Uint8Array.of(3)]);
  assert.deepEqual([...whole], [1, 2, 3]);
  first[0] = 9;
  assert.equal(whole[0], 1);
  assert.equal(joinBytes([]).length, 0);
});
