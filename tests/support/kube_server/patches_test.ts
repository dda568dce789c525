import assert from "node:assert/strict";
import fc from "fast-check";
import { copy, isObject, type Json, type JsonObject } from "#tests/support/kube_server/json.ts";
import { jsonPatch, mergePatch, strategicPatch } from "#tests/support/kube_server/patches.ts";
import { StatusError } from "#tests/support/kube_server/status.ts";

// Through text and back, because a body arrives as text: no -0, no objects without a prototype.
const json = fc.jsonValue({ maxDepth: 3 }).map((value) =>
  JSON.parse(JSON.stringify(value)) as Json
);
const objects = fc.dictionary(fc.stringMatching(/^[a-z~/]{1,4}$/), json, {
  noNullPrototype: true,
}).map((value) => value as JsonObject);

Deno.test("jsonPatch() adds, reads back and removes any value under any key", () => {
  fc.assert(
    fc.property(objects, fc.stringMatching(/^[A-Z][A-Z~/]{0,3}$/), json, (target, key, value) => {
      const path = `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      const added = jsonPatch(target, [{ op: "add", path, value }, { op: "test", path, value }]);
      assert.deepEqual(added[key], value);
      assert.deepEqual(jsonPatch(added, [{ op: "remove", path }]), target);
    }),
  );
});

Deno.test("jsonPatch() handles list positions as RFC 6902 says", () => {
  const target = { list: ["a", "b"] };
  const patched = (operation: JsonObject) => jsonPatch(target, [operation])["list"];
  assert.deepEqual(patched({ op: "add", path: "/list/-", value: "c" }), ["a", "b", "c"]);
  assert.deepEqual(patched({ op: "add", path: "/list/0", value: "c" }), ["c", "a", "b"]);
  assert.deepEqual(patched({ op: "add", path: "/list/2", value: "c" }), ["a", "b", "c"]);
  assert.deepEqual(patched({ op: "replace", path: "/list/1", value: "c" }), ["a", "c"]);
  assert.deepEqual(patched({ op: "move", from: "/list/0", path: "/list/1" }), ["b", "a"]);
  for (const path of ["/list/3", "/list/01", "/list/x", "list", "/none/0"]) {
    assert.throws(() => patched({ op: "add", path, value: "c" }), StatusError, path);
  }
  assert.deepEqual(target, { list: ["a", "b"] }, "the target is not touched");
});

Deno.test("mergePatch() keeps the laws of RFC 7386", () => {
  fc.assert(fc.property(objects, objects, (target, patch) => {
    const before = copy(target);
    const once = mergePatch(target, patch);
    assert.deepEqual(mergePatch(once, patch), once, "applying it again changes nothing");
    assert.deepEqual(target, before, "the target is not touched");
    assert.ok(isObject(once));
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) assert.ok(!Object.hasOwn(once, key));
    }
  }));
});

Deno.test("strategicPatch() of a list by key", async (t) => {
  const pod = (containers: Json) => ({ spec: { containers } });
  const live = pod([{ name: "a", image: "1" }, { name: "b", image: "1" }, {
    name: "c",
    image: "1",
  }]);
  const cases: readonly [string, Json, Json][] = [
    ["changes one in its place", [{ name: "b", image: "2" }], [
      { name: "a", image: "1" },
      { name: "b", image: "2" },
      { name: "c", image: "1" },
    ]],
    ["removes one", [{ name: "a", $patch: "delete" }], [
      { name: "b", image: "1" },
      { name: "c", image: "1" },
    ]],
    ["replaces all", [{ $patch: "replace" }, { name: "z" }], [{ name: "z" }]],
    ["removes a field", [{ name: "c", image: null }], [
      { name: "a", image: "1" },
      { name: "b", image: "1" },
      { name: "c" },
    ]],
  ];
  for (const [name, patch, wanted] of cases) {
    await t.step(name, () => {
      assert.deepEqual(strategicPatch(live, pod(patch)), pod(wanted));
    });
  }
});

Deno.test("strategicPatch() replaces lists it has no key for, and keeps to $retainKeys", () => {
  const live = { spec: { args: ["a", "b"], strategy: { type: "Rolling", rolling: { max: 1 } } } };
  assert.deepEqual(strategicPatch(live, { spec: { args: ["c"] } }).spec, {
    ...live.spec,
    args: ["c"],
  });
  const patch = { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } };
  assert.deepEqual(strategicPatch(live, patch).spec, {
    args: ["a", "b"],
    strategy: { type: "Recreate" },
  });
});
