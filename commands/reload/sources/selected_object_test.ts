/** Which selected objects count, and the folders they may ask for. */

import assert from "node:assert/strict";
import { askedFolder, type Identity, isNamed } from "./selected_object.ts";

Deno.test("askedFolder() takes paths below the directory and no others", () => {
  for (
    const [text, folder] of [
      [undefined, ""],
      ["", ""],
      ["team", "team"],
      ["team/a/", "team/a"],
      ["/tmp/dashboards", ""],
      ["/tmp/dashboards/", ""],
      ["/tmp/dashboards/team//a", "team/a"],
    ] as const
  ) {
    assert.deepEqual(askedFolder(text, "/tmp/dashboards"), { folder }, String(text));
  }
  for (
    const text of [
      ...["/", "/etc", "/tmp/dashboards2", "..", "../x", "a/../../x", "/tmp/dashboards/../x"],
      ...["a/./b", "..data", "a\0b"],
    ]
  ) {
    assert.ok("problem" in askedFolder(text, "/tmp/dashboards"), text);
  }
});

Deno.test("isNamed() compares what a name says", () => {
  const object: Identity = { namespace: "team", kind: "secret", name: "a" };
  assert.ok(isNamed(object, []));
  assert.ok(isNamed(object, [{ name: "b" }, { name: "a" }]));
  assert.ok(isNamed(object, [{ namespace: "team", kind: "secret", name: "a" }]));
  assert.ok(!isNamed(object, [{ name: "b" }]));
  assert.ok(!isNamed(object, [{ kind: "configmap", name: "a" }]));
  assert.ok(!isNamed(object, [{ namespace: "other", name: "a" }]));
});
