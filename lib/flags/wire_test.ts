/** Typed JSON of flags and updates. */

import assert from "node:assert/strict";
import { FlagSet } from "./flag_set.ts";
import type { FlagUpdate } from "./flag_set_contract.ts";
import { changeBodies, flagBody, flagSetBody, updateBody } from "./wire.ts";

const TIME = Date.parse("2026-01-02T03:04:05.678Z");

Deno.test("flagSetBody() shows every type as JSON can", () => {
  const flags = new FlagSet("demo");
  flags.bool("bool", Boolean(1));
  flags.int("int", 5);
  flags.int64("small", 5n);
  flags.int64("large", 2n ** 60n);
  flags.float("float", 1.5);
  flags.float("nan", NaN);
  flags.duration("duration", "26h");
  flags.stringSlice("slice", ["b", "a"]);
  flags.stringSet("set", ["b", "a"]);
  flags.json("json", { a: [1] });
  flags.binary("binary", Uint8Array.of(104, 105));
  flags.logLevel("level", "Info");
  flags.string("secret", "x", "", { secret: true });
  const body = flagSetBody(flags);
  assert.deepEqual([body.seq, body.set, body.checksum], [0, "demo", flags.checksum()]);
  assert.deepEqual(JSON.parse(JSON.stringify(body.flags)), {
    ...{ binary: "aGk=", bool: true, duration: "1d2h", float: 1.5, int: 5, json: { a: [1] } },
    ...{ large: "1152921504606846976", level: "info", nan: "NaN", secret: "***", set: ["a", "b"] },
    ...{ slice: ["b", "a"], small: 5 },
  });
});

Deno.test("flagBody() tells where a value comes from and why the last one was refused", () => {
  const flags = new FlagSet("", { now: () => TIME });
  flags.int("a", 1);
  flags.int("pin", 1, "", { secret: true });
  flags.set("a", "2", { source: "http" });
  flags.apply([["a", { raw: "x" }], ["pin", { raw: "hunter2" }]], { source: "config" });
  const [a, pin] = flags.entries().map(flagBody);
  assert.deepEqual(a, {
    ...{
      name: "a",
      type: "int",
      value: 2,
      string: "2",
      default: "1",
      changed: true,
      dynamic: true,
    },
    ...{ source: "http", since: "2026-01-02T03:04:05.678Z" },
    error: 'strconv.ParseInt: parsing "x": invalid syntax',
  });
  assert.deepEqual([pin?.value, pin?.since, pin?.error], ["***", null, "refused"]);
});

Deno.test("changeBodies() and updateBody() tell of an update, and no secret", () => {
  const flags = new FlagSet();
  flags.duration("timeout", "1s");
  flags.string("token", "old", "", { secret: true });
  flags.int("pin", 1, "", { secret: true });
  flags.int("bad", 1);
  const updates: FlagUpdate[] = [];
  flags.onUpdate((update) => void updates.push(update));
  const inputs = [["timeout", { raw: "90m" }], ["token", { raw: "hunter2" }]] as const;
  const refused = [["pin", { raw: "hunter2" }], ["bad", { raw: "x" }]] as const;
  flags.apply([...inputs, ...refused], { source: "config" });
  const [update] = updates;
  assert.ok(update);
  const changes = changeBodies(flags, update, TIME);
  assert.deepEqual(changes[0], {
    ...{ seq: 1, name: "timeout", type: "duration", old: "1s", new: "1h30m" },
    ...{ oldString: "1s", newString: "1h30m", source: "config", ts: "2026-01-02T03:04:05.678Z" },
  });
  const body = updateBody(flags, update);
  assert.deepEqual(body, {
    seq: 1,
    changed: ["timeout", "token"],
    rejected: [
      { name: "bad", error: 'strconv.ParseInt: parsing "x": invalid syntax' },
      { name: "pin", error: "refused" },
    ],
    checksum: flags.checksum(),
  });
  assert.ok(!JSON.stringify([changes, body]).includes("hunter2"));
});
