/** The order of changes made while one is told, and the end of a loop. */

import assert from "node:assert/strict";
import { FlagSet } from "./flag_set.ts";
import { Telling } from "./telling.ts";

Deno.test("Telling tells of a change made meanwhile after the one being told", () => {
  const told: string[] = [];
  const telling: Telling<string> = new Telling<string>({
    tell(change) {
      told.push(`${change} begins`);
      if (change === "first") telling.add("second");
      told.push(`${change} ends`);
    },
    onLoop: (nested) => assert.fail(`no loop of ${nested}`),
  });
  telling.add("first");
  assert.deepEqual(told, ["first begins", "first ends", "second begins", "second ends"]);
});

Deno.test("Telling drops the rest of a turn without an end, and says so once", () => {
  let told = 0;
  const loops: number[] = [];
  const telling: Telling<number> = new Telling<number>({
    tell(change) {
      told += 1;
      telling.add(change + 1);
    },
    onLoop: (nested) => void loops.push(nested),
  });
  telling.add(0);
  assert.deepEqual([told, loops], [1001, [1000]]);
  telling.add(0);
  assert.deepEqual([told, loops], [2002, [1000, 1000]], "works again in the next turn");
});

Deno.test("Telling is ready for the next change after one that threw", () => {
  const told: string[] = [];
  const telling = new Telling<string>({
    tell(change) {
      if (change === "bad") throw new Error("cannot tell");
      told.push(change);
    },
    onLoop: () => undefined,
  });
  assert.throws(() => telling.add("bad"), /cannot tell/);
  telling.add("good");
  assert.deepEqual(told, ["good"]);
});

Deno.test("FlagSet reports listeners of a value and of updates that set flags without end", () => {
  const errors: unknown[] = [];
  const flags = new FlagSet("", { onListenerError: (err) => errors.push(err) });
  const value = flags.int("value", 0);
  value.onChange((_, now) => value.setValue(now + 1), { sync: true });
  value.setValue(1);
  const other = new FlagSet("", { onListenerError: (err) => errors.push(err) });
  const updated = other.int("updated", 0);
  other.onUpdate(() => updated.setValue(updated.value + 1));
  updated.setValue(1);
  assert.deepEqual(errors.map(String), [
    "Error: Listeners changed their own value 1000 times in a turn",
    "Error: Listeners set flags 1000 times in a turn",
  ]);
});
