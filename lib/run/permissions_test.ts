/** What is dropped and what is told about it. */

import assert from "node:assert/strict";
import { describeSandbox, dropPermissions, formatNeeds, PERMISSION_KINDS } from "./permissions.ts";
import type { PermissionHost, PermissionKind } from "./permissions.ts";

function fakeHost(): PermissionHost & { readonly revoked: Set<PermissionKind> } {
  const revoked = new Set<PermissionKind>();
  return {
    revoked,
    query: (kind) => revoked.has(kind) ? "prompt" : "granted",
    revoke: (kind) => void revoked.add(kind),
  };
}

Deno.test("dropPermissions() revokes every kind that is not needed", () => {
  const host = fakeHost();
  dropPermissions({ net: [], read: ["/etc"] }, host);
  assert.deepEqual(
    [...host.revoked],
    PERMISSION_KINDS.filter((kind) => kind !== "net" && kind !== "read"),
  );
});

Deno.test("describeSandbox() reports what the host says, and anything but granted as denied", () => {
  const host = fakeHost();
  dropPermissions({ net: [] }, host);
  const sandbox = describeSandbox(host);
  assert.deepEqual(Object.keys(sandbox), [...PERMISSION_KINDS]);
  assert.deepEqual(sandbox.net, { state: "granted", values: null });
  assert.deepEqual(sandbox.ffi, { state: "denied", values: [] });
});

Deno.test("formatNeeds() says kept or dropped for every kind", () => {
  const text = formatNeeds({ net: [":8080", ":8888"], env: [] });
  assert.match(text, /^net {6}kept: :8080, :8888$/m);
  assert.match(text, /^env {6}kept$/m);
  assert.equal(text.match(/dropped/g)?.length, 6);
});
