/** Ends of credentials. */

import assert from "node:assert/strict";
import { expiryFinding, tokenExpiry } from "./expiry.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

Deno.test("expiryFinding() fails what is over, warns of what ends soon", () => {
  const at = (text: string) => expiryFinding("x", { notAfter: new Date(text), nowMs: NOW });
  assert.equal(at("2025-12-31T23:59:59Z").status, "fail");
  assert.deepEqual(at("2026-01-01T01:00:00Z"), {
    check: "x",
    status: "warn",
    detail: "expires 2026-01-01T01:00:00Z, in 60 minutes",
    hint: "renew it in time",
  });
  assert.match(at("2026-01-01T23:59:59Z").detail, /, in 23 hours$/);
  assert.equal(at("2026-01-14T00:00:00Z").status, "warn");
  assert.deepEqual(at("2026-02-01T00:00:00Z"), {
    check: "x",
    status: "ok",
    detail: "expires 2026-02-01T00:00:00Z, in 31 days",
  });
});

Deno.test("tokenExpiry() reads exp of a web token and leaves other tokens alone", () => {
  const payload = btoa(JSON.stringify({ exp: NOW / 1000, sub: "a?>" })).replace(/=+$/, "")
    .replaceAll("+", "-").replaceAll("/", "_");
  assert.deepEqual(tokenExpiry(`h.${payload}.s\n`), new Date(NOW));
  assert.equal(tokenExpiry(`h.${btoa("{}")}.s`), undefined);
  for (const opaque of ["", "abc", "a.b", "a.!!.c"]) assert.equal(tokenExpiry(opaque), undefined);
});
