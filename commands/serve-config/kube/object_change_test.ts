/** Which keys a changed object concerns. */

import assert from "node:assert/strict";
import { changeOf } from "./object_change.ts";

Deno.test("changeOf() concerns the applications whose name begins the object's, and its raw keys", async (t) => {
  const { affects } = changeOf("foo-bar-dev", ["team"]);
  const keys: Record<string, boolean> = {
    "/foo/dev": true,
    "/foo-bar/dev": true,
    "/foo-bar/dev/main?accept=v2": true,
    "/foo-bar-dev/default": true,
    "/foo-bar-prod.yml": true,
    "/main/foo-bar-prod.json?resolvePlaceholders=false": true,
    "/foo/dev.x": true,
    "/other,foo/default": true,
    "/foo/default/main/nginx.conf": true,
    "/foo-bar-dev/some.key": true,
    "/team/foo-bar-dev/some.key": true,
    "/other/default": false,
    "/other-default.yml": false,
    "/team/other/some.key": false,
  };
  for (const [key, isConcerned] of Object.entries(keys)) {
    await t.step(key, () => assert.equal(affects(key), isConcerned));
  }
});

Deno.test("changeOf() concerns everything when all applications inherit the object", () => {
  for (const name of ["application", "application-dev"]) {
    assert.ok(changeOf(name, []).affects("/any/default"));
  }
  assert.ok(!changeOf("applications", []).affects("/any/default"));
});
