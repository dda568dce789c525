/** Exact permissions as data: spelled out, checked, described. */

import assert from "node:assert/strict";
import {
  describeGrants,
  findBroader,
  formatGrants,
  toGrants,
  toWorkerPermissions,
} from "./grants.ts";
import { PERMISSION_KINDS } from "./permissions.ts";
import type { PermissionHost } from "./permissions.ts";

const GRANTS = toGrants({ read: ["/etc/config", "/etc/config"], net: ["[::]:8080"], env: ["A"] });

/** A runtime that allows what is listed: a kind, or `KIND:ENTRY`. */
function hostAllowing(...allowed: readonly string[]): PermissionHost {
  return {
    query: (kind, entry) =>
      allowed.includes(entry === undefined ? kind : `${kind}:${entry}`) ? "granted" : "prompt",
    revoke() {},
  };
}

const EXACT = ["read:/etc/config", "net:[::]:8080", "env:A"];

Deno.test("toWorkerPermissions() closes every kind without entries", () => {
  assert.deepEqual(toWorkerPermissions(GRANTS), {
    read: ["/etc/config"],
    write: false,
    net: ["[::]:8080"],
    env: ["A"],
    run: false,
    sys: false,
    ffi: false,
    import: false,
  });
});

Deno.test("findBroader() finds nothing when the runtime allows what was computed", () => {
  assert.deepEqual(findBroader(GRANTS, hostAllowing(...EXACT)), []);
});

Deno.test("findBroader() finds whole kinds and the next larger entry", async (t) => {
  const cases = [...PERMISSION_KINDS, "read:/", "read:/etc", "net:[::]", "write:/"];
  for (const extra of cases) {
    await t.step(
      extra,
      () => assert.deepEqual(findBroader(GRANTS, hostAllowing(...EXACT, extra)), [extra]),
    );
  }
});

Deno.test("findBroader() accepts a larger entry that was computed as well", () => {
  const nested = toGrants({ read: ["/etc", "/etc/config"], net: ["::1", "::1:80"] });
  const host = hostAllowing("read:/etc", "read:/etc/config", "net:::1", "net:::1:80");
  assert.deepEqual(findBroader(nested, host), []);
  const everything = toGrants({ read: ["/"] });
  assert.deepEqual(findBroader(everything, hostAllowing("read:/")), []);
});

Deno.test("describeGrants() tells the entries that the runtime really grants", () => {
  const sandbox = describeGrants(GRANTS, hostAllowing("read:/etc/config", "sys"));
  assert.deepEqual(Object.keys(sandbox), [...PERMISSION_KINDS]);
  assert.deepEqual(sandbox.read, { state: "granted", values: ["/etc/config"] });
  assert.deepEqual(sandbox.net, { state: "denied", values: [] });
  assert.deepEqual(sandbox.sys, { state: "granted", values: null });
});

Deno.test("formatGrants() says everything that is allowed, a kind a line", () => {
  const text = formatGrants(GRANTS);
  assert.match(text, /^read {5}only: \/etc\/config$/m);
  assert.match(text, /^net {6}only: \[::\]:8080$/m);
  assert.equal(text.match(/dropped/g)?.length, 5);
});
