/** Whether a client has what it asks for already (RFC 9110, 13; serve-config.md 14.4). */

import { namesTag } from "#lib/format/entity_tag.ts";
import type { Entry } from "../cache/entry.ts";

/** Within a second a file may change twice and tell the same time. */
const CERTAIN_AFTER_MS = 1000;

/** Whether the answer is "not modified": by the tags that the client has, or, when it names none, by its time. */
export function isUnchanged(headers: Headers, etag: string, entry: Entry): boolean {
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) return namesTag(ifNoneMatch, etag);
  const since = headers.get("if-modified-since");
  const changedMs = lastModifiedOf(entry);
  if (since === null || changedMs === undefined) return false;
  const sinceMs = Date.parse(since);
  // Not a number compares with nothing. Headers have whole seconds.
  return Math.floor(changedMs / 1000) <= Math.floor(sinceMs / 1000);
}

/** When the object changed, as it may be told to clients; `undefined` for most, whose tag says more. */
export function lastModifiedOf({ lastModifiedMs, loadedAtMs }: Entry): number | undefined {
  if (lastModifiedMs === undefined) return undefined;
  return lastModifiedMs <= loadedAtMs - CERTAIN_AFTER_MS ? lastModifiedMs : undefined;
}
