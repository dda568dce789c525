/** A stream whose reader goes away. */

import assert from "node:assert/strict";
import { tellingWhenUnread } from "./telling_when_unread.ts";

Deno.test("tellingWhenUnread() passes text on, and tells when the reader was not there to get it", () => {
  const read: string[] = [];
  let isGone = false;
  let told = 0;
  const sink = tellingWhenUnread({
    isTerminal: false,
    get isGone() {
      return isGone;
    },
    write: (text) => void read.push(text),
  }, () => told++);
  sink.write("one");
  assert.deepEqual([read, told, sink.isGone], [["one"], 0, false]);
  isGone = true;
  sink.write("two");
  assert.deepEqual([told, sink.isGone], [1, true]);
});
