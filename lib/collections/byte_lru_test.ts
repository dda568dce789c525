/** Weights and order. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteLru } from "./byte_lru.ts";

Deno.test("ByteLru evicts what was used longest ago", () => {
  const lru = new ByteLru<number>();
  lru.set("a", 1, 10);
  lru.set("b", 2, 10);
  lru.set("c", 3, 10);
  lru.get("a");
  lru.peek("b");
  assert.equal(lru.deleteOldest(), "b");
  assert.equal(lru.deleteOldest(), "c");
  assert.equal(lru.deleteOldest(), "a");
  assert.equal(lru.deleteOldest(), undefined);
});

Deno.test("ByteLru weighs exactly what it holds, whatever happens to it", () => {
  const key = fc.constantFrom("a", "b", "c");
  const step = fc.oneof(
    fc.record({ op: fc.constant("set" as const), key, bytes: fc.nat(100) }),
    fc.record({ op: fc.constant("reweigh" as const), key, bytes: fc.nat(100) }),
    fc.record({ op: fc.constant("delete" as const), key, bytes: fc.constant(0) }),
    fc.record({ op: fc.constant("get" as const), key, bytes: fc.constant(0) }),
  );
  fc.assert(fc.property(fc.array(step), (steps) => {
    const lru = new ByteLru<number>();
    const model = new Map<string, number>();
    for (const { op, key, bytes } of steps) {
      if (op === "set") lru.set(key, bytes, bytes);
      if (op === "reweigh") lru.reweigh(key, bytes);
      if (op === "delete") lru.delete(key);
      if (op === "get") lru.get(key);
      // A Map keeps the order in which keys were put, so the model moves a used key to the end.
      const held = model.get(key);
      if (op === "set" || op === "delete" || op === "get") model.delete(key);
      if (op === "get" && held !== undefined) model.set(key, held);
      if (op === "set" || (op === "reweigh" && held !== undefined)) model.set(key, bytes);
      assert.equal(lru.has(key), model.has(key));
    }
    assert.equal(lru.bytes, [...model.values()].reduce((sum, bytes) => sum + bytes, 0));
    assert.deepEqual([...lru.keys()], [...model.keys()]);
    assert.equal(lru.size, model.size);
  }));
});
