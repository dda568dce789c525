/** Sources to one set of properties, and to a tree. */

import assert from "node:assert/strict";
import { SpringError } from "./environment.ts";
import { mergeSources, nest } from "./merge.ts";
import type { PropertyValue } from "./properties.ts";

function source(name: string, properties: Record<string, PropertyValue>) {
  return { name, properties: new Map(Object.entries(properties)) };
}

Deno.test("mergeSources() lets the first source win and replaces lists as a whole", () => {
  const merged = mergeSources([
    source("strong", { "l[0]": "z", "a": 1, "spring.profiles": "dev" }),
    source("weak", { "l[0]": "a", "l[1]": "b", "a": 2, "m[0].x": 1, "b": 3 }),
  ]);
  assert.deepEqual([...merged], [["a", 1], ["b", 3], ["l[0]", "z"], ["m[0].x", 1]]);
});

Deno.test("nest() builds maps and lists, gaps as null", () => {
  const tree = nest(
    new Map<string, PropertyValue>([["a.b", 1], ["a.l[1].x", 2], ["a.l[1].y", 3], ["m[0][1]", 4]]),
  );
  assert.deepEqual(
    tree,
    new Map<string, unknown>([
      [
        "a",
        new Map<string, unknown>([
          ["b", 1],
          ["l", [null, new Map([["x", 2], ["y", 3]])]],
        ]),
      ],
      ["m", [[null, 4]]],
    ]),
  );
});

Deno.test("nest() keeps the rest of a key as one name where a value stands in the way", () => {
  const tree = nest(
    new Map<string, PropertyValue>([
      ["hub.server", "x"],
      ["hub.server.timeout.ms", 3],
      ["hub.server.hosts[0].name", "a"],
    ]),
  );
  assert.deepEqual(
    tree.get("hub"),
    new Map<string, unknown>([
      ["server", "x"],
      ["server.timeout.ms", 3],
      ["server.hosts[0].name", "a"],
    ]),
  );
});

Deno.test("nest() takes brackets around anything but digits for a part of the name", () => {
  const tree = nest(new Map([["log[org.example].level", "DEBUG"], ["[1]", "one"]]));
  assert.deepEqual([...tree.keys()], ["log[org.example]", "[1]"]);
});

Deno.test("nest() refuses keys without a place and lists without an end", async (t) => {
  for (const key of ["a..b", ".a", "a.", "a[x", "", "l[10001]"]) {
    await t.step(key || "the empty key", () => {
      assert.throws(
        () => nest(new Map([[key, 1]])),
        (error) => error instanceof SpringError && error.status === 400,
      );
    });
  }
});

Deno.test("nest() fills the gaps of lists up to a bound", () => {
  const listsOf = (count: number) =>
    new Map(Array.from({ length: count }, (_, index) => [`l${index}[10000]`, "x"]));
  assert.equal(nest(listsOf(100)).size, 100);
  assert.throws(() => nest(listsOf(101)), /over 1000000 gaps/);
});
