/** What `If-None-Match` may say (RFC 9110, 13.1.2). */

import assert from "node:assert/strict";
import { namesTag } from "./entity_tag.ts";

Deno.test("namesTag() knows the tag alone, in a list, weak, and by a star", () => {
  for (const header of ['"a"', 'W/"a"', '"b", "a"', '"b" ,W/"a"', "*", " * "]) {
    assert.ok(namesTag(header, '"a"'), header);
  }
});

Deno.test("namesTag() does not know another tag, a part of it, or nothing", () => {
  for (const header of ["", '"b"', "a", '"aa"', 'w/"a"', '"b", "c"']) {
    assert.ok(!namesTag(header, '"a"'), header);
  }
});
