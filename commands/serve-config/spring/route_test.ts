/** Paths of the Spring Cloud Config API. */

import assert from "node:assert/strict";
import { SpringError } from "./environment.ts";
import { routeOf } from "./route.ts";

function summary(path: string, { useDefaultLabel = false } = {}): string {
  const route = routeOf(path, { useDefaultLabel });
  if (route === undefined) return "none";
  const { application, profiles, label } = route.request;
  const form = route.kind === "merged"
    ? route.form
    : route.kind === "resource"
    ? `file ${route.path}`
    : "env";
  return [form, application, profiles.join("+"), label ?? "-"].join(" | ");
}

Deno.test("routeOf() tells environments, merged files and resources apart", async (t) => {
  const cases: Record<string, string> = {
    "/foo/dev": "env | foo | dev | -",
    "/foo/dev,prod/main": "env | foo | dev+prod | main",
    "/a,b/dev": "env | a,b | dev | -",
    "/a(_)b/dev/feature(_)x": "env | a/b | dev | feature/x",
    "/foo-dev.yml": "yml | foo | dev | -",
    "/foo-bar-dev.yaml": "yml | foo-bar | dev | -",
    "/main/foo-dev.properties": "properties | foo | dev | main",
    "/foo-dev,prod.json": "json | foo | dev+prod | -",
    "/foo/dev/main/conf/nginx.conf": "file conf/nginx.conf | foo | dev | main",
    "/foo/dev-yml": "env | foo | dev-yml | -",
    "/foo/dev.yml": "none",
    "/foo/dev.yml.x": "none",
    "/foo/dev.ymlx": "env | foo | dev.ymlx | -",
    "/foo.yml": "none",
    "/foo": "none",
    "/": "none",
    "/foo/": "none",
    "/foo/dev/": "none",
    "/foo//main": "none",
  };
  for (const [path, expected] of Object.entries(cases)) {
    await t.step(path, () => assert.equal(summary(path), expected));
  }
});

Deno.test("routeOf() takes the third segment for a file of the default label when asked", () => {
  assert.equal(
    summary("/foo/dev/nginx.conf", { useDefaultLabel: true }),
    "file nginx.conf | foo | dev | -",
  );
});

Deno.test("routeOf() refuses what could lead out of its place", async (t) => {
  const paths = [
    "/a..b/dev",
    "/foo/dev/..",
    "/foo/dev/main/a..b",
    "/foo/dev/main/%2e%2e/x",
    "/foo/dev/a#b",
    "/(_)etc/dev",
    "/foo/dev/(_)x",
    "/foo/%28_%29x",
    "/foo/-dev",
    "/foo/dev-",
    "/foo/dev,,prod",
    "/foo/d v",
    "/foo-.yml",
  ];
  for (const path of paths) {
    await t.step(path, () => {
      assert.throws(
        () => routeOf(path, { useDefaultLabel: false }),
        (error) => error instanceof SpringError && error.status === 400,
      );
    });
  }
});
