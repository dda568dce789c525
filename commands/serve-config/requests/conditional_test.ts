/** Validators of clients against an entry. */

import assert from "node:assert/strict";
import { isUnchanged, lastModifiedOf } from "./conditional.ts";
import { createEntry } from "../cache/entry.ts";

const CHANGED = Date.UTC(2026, 10, 20, 14, 12, 44, 700);

function entryOf(lastModifiedMs: number | undefined, loadedAtMs = CHANGED + 60_000) {
  return createEntry(new Uint8Array(), { loadedAtMs, expiresAtMs: undefined }, { lastModifiedMs });
}

Deno.test("isUnchanged() compares tags, and times when there is no tag", async (t) => {
  const entry = await entryOf(CHANGED);
  const cases: [Record<string, string>, boolean][] = [
    [{}, false],
    [{ "if-modified-since": "Fri, 20 Nov 2026 14:12:44 GMT" }, true],
    [{ "if-modified-since": "Fri, 20 Nov 2026 14:12:45 GMT" }, true],
    [{ "if-modified-since": "Fri, 20 Nov 2026 14:12:43 GMT" }, false],
    [{ "if-modified-since": "yesterday" }, false],
    [{ "if-none-match": '"h"' }, true],
    [{ "if-none-match": '"a", W/"h"' }, true],
    [{ "if-none-match": "*" }, true],
    [{ "if-none-match": '"a"', "if-modified-since": "Fri, 20 Nov 2026 14:12:44 GMT" }, false],
  ];
  for (const [headers, expected] of cases) {
    await t.step(JSON.stringify(headers), () => {
      assert.equal(isUnchanged(new Headers(headers), '"h"', entry), expected);
    });
  }
});

Deno.test("lastModifiedOf() tells no time within whose second the object may have changed again", async () => {
  assert.equal(lastModifiedOf(await entryOf(undefined)), undefined);
  assert.equal(lastModifiedOf(await entryOf(CHANGED, CHANGED + 999)), undefined);
  assert.equal(lastModifiedOf(await entryOf(CHANGED, CHANGED + 1000)), CHANGED);
});
