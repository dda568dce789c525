import assert from "node:assert/strict";
import fc from "fast-check";
import {
  changedPaths,
  displayPath,
  fromFieldsV1,
  leavesOf,
  removePath,
  toFieldsV1,
} from "#tests/support/kube_server/field_sets.ts";
import { copy, type JsonObject } from "#tests/support/kube_server/json.ts";

const OPTIONS = { withMaps: false, withStatus: false };

/** Objects of maps, keyed lists and scalars, below one field. */
const objects = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.dictionary(fc.stringMatching(/^[a-z./]{1,4}$/), tie("value"), { minKeys: 1, maxKeys: 3 }),
    fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 3 }).map((names) =>
      names.map((name) => ({ name, image: `${name}:1` }))
    ),
  ),
})).value.map((value) => ({ spec: { template: { containers: value } } }) as unknown as JsonObject);

Deno.test("toFieldsV1() and fromFieldsV1() round-trip any set of paths", () => {
  fc.assert(fc.property(objects, fc.boolean(), (object, withMaps) => {
    const paths = new Set(leavesOf(object, { ...OPTIONS, withMaps }).keys());
    assert.deepEqual(fromFieldsV1(toFieldsV1(paths)), paths);
  }));
});

Deno.test("removePath() of every leaf leaves nothing", () => {
  fc.assert(fc.property(objects, (object) => {
    const rest = copy(object);
    // Fields before the items that hold them, as an apply lets go of them in no particular order.
    for (const path of leavesOf(object, OPTIONS).keys()) removePath(rest, path);
    assert.deepEqual(rest, {});
  }));
});

Deno.test("changedPaths() of an object with itself is empty", () => {
  fc.assert(fc.property(objects, (object) => {
    const leaves = leavesOf(object, { ...OPTIONS, withMaps: true });
    assert.equal(
      changedPaths(leaves, leavesOf(copy(object), { ...OPTIONS, withMaps: true })).size,
      0,
    );
  }));
});

Deno.test("displayPath() shows items by their key", () => {
  const object = {
    metadata: { finalizers: ["example.com/a"] },
    spec: { template: { spec: { containers: [{ name: "c", image: "i" }] } } },
  };
  const shown = [...leavesOf(object, OPTIONS).keys()].map(displayPath);
  assert.deepEqual(shown, [
    '.metadata.finalizers[="example.com/a"]',
    '.spec.template.spec.containers[name="c"]',
    '.spec.template.spec.containers[name="c"].name',
    '.spec.template.spec.containers[name="c"].image',
  ]);
});
