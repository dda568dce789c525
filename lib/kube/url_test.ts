/** Paths, queries and label selectors. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { formatLabelSelector } from "./selectors.ts";
import { formatQuery, parseApiPath, resourcePath } from "./url.ts";

const segment = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,10}[a-z0-9])?$/)
  .filter((text) => text !== "namespaces");

Deno.test("parseApiPath() reads back what resourcePath() wrote", () => {
  fc.assert(fc.property(
    fc.record({
      group: fc.oneof(fc.constant(""), segment),
      version: segment,
      resource: segment,
      namespace: fc.option(segment, { nil: undefined }),
      name: fc.option(segment, { nil: undefined }),
    }),
    fc.option(segment, { nil: undefined }),
    (place, sub) => {
      const ref = { ...place, subresource: place.name === undefined ? undefined : sub };
      const parsed = parseApiPath("GET", resourcePath(ref), {});
      assert.deepEqual(parsed, {
        kind: "resource",
        verb: ref.name === undefined ? "list" : "get",
        ref,
      });
    },
  ));
});

Deno.test("parseApiPath() knows verbs, namespaces and other paths", () => {
  const verb = (method: string, path: string, query = {}) => {
    const parsed = parseApiPath(method, path, query);
    return parsed.kind === "resource" ? parsed.verb : parsed.kind;
  };
  assert.equal(verb("GET", "/api/v1/pods", { watch: true }), "watch");
  assert.equal(verb("DELETE", "/api/v1/namespaces/n/pods"), "deletecollection");
  assert.equal(verb("DELETE", "/api/v1/namespaces/n"), "delete");
  assert.equal(verb("GET", "/apis/apps/v1"), "other");
  assert.equal(verb("GET", "/version"), "other");
  assert.throws(() => verb("TRACE", "/api/v1/pods"), TypeError);
});

Deno.test("formatQuery() leaves out what is empty and escapes the rest", () => {
  const query = { labelSelector: "a=b,c", watch: true, limit: 0, none: undefined, empty: "" };
  assert.equal(formatQuery(query), "?labelSelector=a%3Db%2Cc&watch=true&limit=0");
  assert.equal(formatQuery({}), "");
});

Deno.test("formatLabelSelector() writes every form", () => {
  const selector = {
    equals: { "app.kubernetes.io/name": "x", empty: "" },
    notEquals: { a: "b" },
    in: { c: ["d", "e"] },
    notIn: { f: ["g"] },
    exists: ["h"],
    absent: ["i"],
  };
  assert.equal(
    formatLabelSelector(selector),
    "app.kubernetes.io/name=x,empty=,a!=b,c in (d,e),f notin (g),h,!i",
  );
  assert.equal(formatLabelSelector("raw,=text"), "raw,=text");
});

Deno.test("formatLabelSelector() refuses keys and values that are no labels", () => {
  const bad = ["-a", "a b", "a,b", "a=b", "ä", "x".repeat(64)];
  for (const text of bad) {
    assert.throws(() => formatLabelSelector({ equals: { ok: text } }), TypeError, text);
    assert.throws(() => formatLabelSelector({ exists: [text] }), TypeError, text);
  }
  assert.throws(() => formatLabelSelector({ exists: ["UPPER/x"] }), TypeError);
  assert.throws(() => formatLabelSelector({ in: { a: [] } }), TypeError);
});
