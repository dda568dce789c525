/** Destinations against keys: the table of serve-config.md 8.5, broadcasts, and Spring's shapes. */

import assert from "node:assert/strict";
import { matcherOf } from "./matching.ts";

const LIST = "/path/to/config-file1-default.yml,config-file2-default.yml,config-file3-default.yml";

function matches(destination: string, key: string, { spring = false } = {}): boolean {
  return matcherOf(destination, { spring })(key);
}

Deno.test("matcherOf() meets the table of the replaced program's tests", async (t) => {
  const table: [string, string, boolean][] = [
    ["config-file2:**", "", false],
    ["config-file2:**", "config-file2-default.yml", true],
    ["config:file2:**", "config-file2-default.yml", true],
    ["config-file4:**", "config-file2-default.yml", false],
    ["config:file4:**", "config-file2-default.yml", false],
    ["config-file2:**", "/path/to/config-file2-default.yml", true],
    ["config:file2:**", "/path/to/config-file2-default.yml", true],
    ["config-file2:**", LIST, true],
    ["config:file2:**", LIST, true],
    ["config-file4:**", LIST, false],
    ["config:file4:**", LIST, false],
    ["foo:**", "/foobar-x.yml", true],
    ["foo", "/x/foo.yml", true],
    ["foo", "/foo/bar.yml", false],
  ];
  for (const [destination, key, expected] of table) {
    await t.step(`${destination} on ${key || "the empty key"}`, () => {
      assert.equal(matches(destination, key), expected);
    });
  }
});

Deno.test("matcherOf() is soon done with a destination of any length", () => {
  const startedAt = performance.now();
  const long = "a".repeat(2000);
  assert.ok(!matches(`${"a*".repeat(40)}b`, `/${long}/dev`));
  assert.ok(!matches("x:".repeat(100_000), "/orders/dev"));
  assert.ok(matches(`orders:${"**:".repeat(100_000)}**`, "/orders/dev"));
  assert.ok(performance.now() - startedAt < 2000);
});

Deno.test("matcherOf() takes broadcasts for every key", () => {
  for (const all of ["", " ", "**", "*", "*:**", "#", "application", "application:**"]) {
    for (const key of ["/", "/x", "/a/b.yml", "/a/b"]) assert.ok(matches(all, key), all + key);
  }
  assert.ok(!matches("applications:**", "/a.yml"));
});

Deno.test("matcherOf() reads keys of two segments without a dot as application and profile", () => {
  assert.ok(matches("orders:**", "/orders/dev"));
  assert.ok(matches("orders:**", "/orders,shared/dev/main"));
  assert.ok(matches("orders:dev:**", "/orders/dev"));
  assert.ok(!matches("orders:dev:**", "/orders/prod"));
  assert.ok(matches("orders:dev:8080", "/orders/dev"));
  assert.ok(matches("ord?rs:d*", "/orders/dev"));
  assert.ok(!matches("orders:d*", "/orders/prod"));
  assert.ok(matches("a/b:**", "/a(_)b/dev"));
  assert.ok(!matches("orders:**", "/billing/my-orders"));
  assert.ok(matches("*:dev:*", "/orders/dev"));
});

Deno.test("matcherOf() reads names of Spring's merged files only where Spring's routes are served", () => {
  assert.ok(matches("a.b:**", "/main/a.b-dev.yml", { spring: true }));
  assert.ok(matches("orders:dev", "/orders-dev.json", { spring: true }));
  assert.ok(matches("orders:**", "/orders/dev/main/nginx.conf", { spring: true }));
  assert.ok(!matches("orders:**", "/orders/dev/main/nginx.conf"));
});
