/** Keys and what is refused. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { keyOf, lastElement } from "./key.ts";

Deno.test("keyOf() decodes once and leaves the rest alone", async (t) => {
  const cases: [string, string][] = [
    ["/deploy.yml", "/deploy.yml"],
    ["/a%20b+c.yml", "/a b+c.yml"],
    ["/a%2Fb", "/a/b"],
    ["//x//y/", "//x//y/"],
    ["/", "/"],
    ["/100%25", "/100%"],
    ["/a%2520b", "/a%20b"],
    ["/caf%C3%A9", "/café"],
    ["/..data/x", "/..data/x"],
    ["/a..b", "/a..b"],
    ["/a,b:c", "/a,b:c"],
  ];
  for (const [path, key] of cases) await t.step(path, () => assert.equal(keyOf(path), key));
});

Deno.test("keyOf() refuses dot segments, control characters and what is not UTF-8", async (t) => {
  const refused = [
    "",
    "*",
    "/..",
    "/../x",
    "/a/../b",
    "/./x",
    "/a/.",
    "/%2e%2e/x",
    "/%2E./x",
    "/..%2fx",
    "/%252e%252e/x",
    "/%252e%252e%252fx",
    "/a%00b",
    "/a%0a",
    "/a%2500",
    "/a\\b",
    "/a%5cb",
    "/%",
    "/%zz",
    "/%ff",
    "/%c0%ae%c0%ae/",
    "/%7f",
    `/${"a".repeat(4096)}`,
  ];
  for (const path of refused) {
    await t.step(path.slice(0, 30), () => assert.equal(keyOf(path), undefined));
  }
  assert.notEqual(keyOf(`/${"a".repeat(4095)}`), undefined);
});

Deno.test("keyOf() never yields a dot segment and never throws", () => {
  const path = fc.array(
    fc.oneof(
      fc.constantFrom("/", ".", "..", "%2e", "%252e", "%2f", "%5c", "%00", "%", "a"),
      fc.string(),
    ),
  ).map((parts) => `/${parts.join("")}`);
  fc.assert(
    fc.property(path, (target) => {
      const key = keyOf(target);
      if (key === undefined) return;
      assert.ok(key.startsWith("/"));
      assert.ok(!key.split("/").some((segment) => segment === "." || segment === ".."));
      assert.ok(!/[\\\0]/.test(key));
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("keyOf() finds the key again that a client encoded", () => {
  const segment = fc.string({ minLength: 1, unit: "grapheme" })
    .filter((text) => text !== "." && text !== ".." && !/[%/\\\p{Cc}]/u.test(text));
  fc.assert(fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
    assert.equal(
      keyOf(`/${segments.map(encodeURIComponent).join("/")}`),
      `/${segments.join("/")}`,
    );
  }));
});

Deno.test("lastElement() is what follows the last slash", () => {
  const cases = [["", "."], ["/", "/"], ["//", "/"], ["/a", "a"], ["/a/b.yml", "b.yml"], [
    "/a/b/",
    "b",
  ]];
  for (const [key, expected] of cases) assert.equal(lastElement(key ?? ""), expected);
});
