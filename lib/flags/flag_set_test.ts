/** Named flags: declaring, setting several in one turn, overriding and taking back, arguments. */

import assert from "node:assert/strict";
import { dyn } from "./declare.ts";
import { FlagSet } from "./flag_set.ts";
import type { FlagUpdate } from "./flag_set_contract.ts";
import { validateRange } from "./validators.ts";

Deno.test("FlagSet declares flags with the type of their value", () => {
  const flags = new FlagSet("demo");
  const port: number = flags.int("port", 8080).value;
  const name: string = flags.static.string("name", "x").value;
  const mode: "fast" | "safe" =
    flags.enum("mode", "safe", "how", { values: ["fast", "safe"] }).value;
  const limits: { readonly policy: string } = flags.json("limits", { policy: "allow" }).value;
  const timeout: number = flags.duration("timeout", "1.5s").value.ms;
  assert.deepEqual([port, name, mode, limits.policy, timeout], [8080, "x", "safe", "allow", 1500]);
  assert.deepEqual(flags.entries().map((entry) => entry.name), [
    ...["limits", "mode", "name", "port", "timeout"],
  ]);
});

Deno.test("FlagSet refuses a name declared twice, and an empty one", () => {
  const flags = new FlagSet();
  flags.int("a", 1);
  assert.throws(() => flags.string("a", ""), { message: 'Cannot declare flag "a": name is taken' });
  assert.throws(() => flags.string("", ""), { message: 'Cannot declare flag "": name is empty' });
});

Deno.test("FlagSet.bind() gives one value several names", () => {
  const flags = new FlagSet();
  const value = dyn.int(1);
  flags.bind("old", value);
  flags.bind("new", value);
  flags.set("old", "2");
  assert.deepEqual([flags.get("new")?.value, value.names], [2, ["old", "new"]]);
  assert.throws(() => flags.set("new", "x"), { flag: "new" });
});

Deno.test("FlagSet.set() remembers source, time and refusal", () => {
  const flags = new FlagSet("", { now: () => 42 });
  flags.int("a", 1);
  assert.deepEqual([flags.entry("a")?.source, flags.entry("a")?.sinceMs], ["default", undefined]);
  flags.set("a", "2", { source: "env" });
  assert.deepEqual([flags.entry("a")?.source, flags.entry("a")?.sinceMs], ["env", 42]);
  assert.throws(() => flags.set("a", "x"), { name: "FlagError", flag: "a", raw: "x" });
  assert.equal(flags.entry("a")?.error, 'strconv.ParseInt: parsing "x": invalid syntax');
  assert.throws(() => flags.set("nope", "1"), {
    message: 'flag "nope" is not declared',
    reason: "unknown",
  });
});

Deno.test("FlagSet.apply() brings all values into force before anyone is told", () => {
  const flags = new FlagSet();
  const seen: string[] = [];
  const [b, a] = [flags.int("b", 0), flags.int("a", 0)];
  for (const [name, value] of [["b", b], ["a", a]] as const) {
    value.onChange(() => void seen.push(`${name}: ${a.value} ${b.value}`), { sync: true });
  }
  flags.apply([["b", { raw: "2" }], ["a", { raw: "1" }]], { source: "config" });
  assert.deepEqual(seen, ["a: 1 2", "b: 1 2"]);
});

Deno.test("FlagSet.apply() tells what changed and what was refused", () => {
  const flags = new FlagSet();
  flags.int("a", 1);
  flags.int("b", 1, "", { validate: validateRange(0, 5) });
  flags.int("c", 1);
  const updates: FlagUpdate[] = [];
  const stop = flags.onUpdate((update) => void updates.push(update));
  const inputs = [["a", { raw: "2" }], ["b", { raw: "9" }], ["c", { raw: "01" }], ["d", {
    problem: "unreadable",
  }]] as const;
  flags.apply(inputs, { source: "config" });
  const [update] = updates;
  assert.deepEqual(update?.changes, [
    { name: "a", type: "int", old: 1, new: 2, oldText: "1", newText: "2" },
  ]);
  assert.deepEqual(update?.rejected.map(({ flag, message }) => `${flag}: ${message}`), [
    "b: value 9 not in [0, 5] range",
    "d: unreadable",
  ]);
  assert.deepEqual([update?.seq, update?.source, flags.seq], [1, "config", 1]);
  stop();
  flags.set("a", "3");
  assert.equal(updates.length, 1);
});

Deno.test("FlagSet.apply() tells of lists and sets that differ, though they print alike", () => {
  const flags = new FlagSet();
  const list = flags.stringSlice("list", ["a", "b"]);
  const set = flags.stringSet("set", []);
  const heard: unknown[] = [];
  list.onChange((before, after) => void heard.push(before, after), { sync: true });
  set.onChange((before, after) => void heard.push([...before], [...after]), { sync: true });
  const apply = (listed: readonly string[], raw: string) => {
    const inputs = [["list", { value: listed }], ["set", { raw }]] as const;
    return flags.apply(inputs, { source: "http" }).changes.map(({ name }) => name);
  };
  assert.deepEqual(apply(["a,b"], ""), ["list", "set"]);
  assert.deepEqual(heard, [["a", "b"], ["a,b"], [], [""]]);
  assert.deepEqual(apply(["a,b"], ""), []);
  assert.equal(heard.length, 4);
});

Deno.test("FlagSet hears of values that are set by themselves", () => {
  const flags = new FlagSet("", { now: () => 42 });
  const a = flags.int("a", 1);
  const updates: FlagUpdate[] = [];
  flags.onUpdate((update) => void updates.push(update));
  a.setValue(2);
  a.set("02");
  assert.deepEqual(updates.map(({ seq, source, changes }) => [seq, source, changes.length]), [
    [1, "cli", 1],
    [2, "cli", 0],
  ]);
  assert.deepEqual(updates[0]?.changes[0]?.newText, "2");
  assert.deepEqual([flags.entry("a")?.source, flags.entry("a")?.sinceMs], ["cli", 42]);
});

Deno.test("FlagSet counts and reports what listeners throw", () => {
  const errors: unknown[] = [];
  const flags = new FlagSet("", { onListenerError: (err) => void errors.push(err) });
  const error = new Error("Broken");
  const fail = () => {
    throw error;
  };
  flags.int("a", 1, "", { onChangeSync: fail });
  flags.onUpdate(fail);
  flags.set("a", "2");
  assert.deepEqual([errors, flags.listenerErrors], [[error, error], 2]);
});

Deno.test("FlagSet.clearOverride() returns to the configuration, or to what was before it", () => {
  const flags = new FlagSet();
  const a = flags.int("a", 1);
  flags.set("a", "2", { source: "cli" });
  assert.equal(flags.clearOverride("a"), undefined);
  flags.set("a", "3", { source: "http" });
  flags.clearOverride("a");
  assert.deepEqual([a.value, flags.entry("a")?.source], [2, "cli"]);
  flags.apply([["a", { raw: "4" }]], { source: "config" });
  flags.set("a", "5", { source: "http" });
  flags.clearOverride("a");
  assert.deepEqual([a.value, flags.entry("a")?.source], [4, "config"]);
});

Deno.test("FlagSet.clearConfig() leaves in force what HTTP set", () => {
  const flags = new FlagSet();
  const a = flags.int("a", 1);
  flags.apply([["a", { raw: "4" }]], { source: "config" });
  flags.set("a", "5", { source: "http" });
  flags.clearConfig(["a", "unknown"]);
  assert.equal(a.value, 5);
  flags.clearOverride("a");
  assert.deepEqual([a.value, flags.entry("a")?.source], [1, "default"]);
});

Deno.test("FlagSet restores a default that its own check would refuse", () => {
  const flags = new FlagSet();
  const a = flags.int("a", 0, "", { validate: validateRange(1, 5) });
  flags.apply([["a", { raw: "3" }]], { source: "config" });
  flags.clearConfig(["a"]);
  assert.equal(a.value, 0);
});

Deno.test("FlagSet.freeze() settles static flags, those declared later too", () => {
  const flags = new FlagSet();
  flags.static.int("early", 1);
  flags.set("early", "2");
  flags.freeze();
  flags.static.int("late", 1);
  for (const name of ["early", "late"]) {
    assert.throws(() => flags.set(name, "3"), { reason: "static", flag: name });
  }
});

Deno.test("FlagSet.checksum() covers the flags of the filter", () => {
  const flags = new FlagSet();
  assert.equal(flags.checksum(), "811c9dc5");
  for (const [name, text] of [["dflag_dir_path", "cfg"], ["host", "127.0.0.1"]] as const) {
    flags.static.string(name, text);
  }
  flags.static.int("example_my_static_int", 1337);
  flags.static.bool("has_set", Boolean(1));
  flags.static.int("port", 18321);
  flags.int("other", 1);
  assert.equal(flags.checksum(({ value }) => !value.isDynamic), "532892a5");
});

Deno.test("FlagSet.snapshot() is frozen and does not follow", () => {
  const flags = new FlagSet();
  flags.int("a", 1);
  const before = flags.snapshot();
  flags.set("a", "2");
  assert.deepEqual([before, flags.snapshot()], [{ a: 1 }, { a: 2 }]);
  assert.ok(Object.isFrozen(before));
});

Deno.test("FlagSet.parse() reads arguments by Go's rules", () => {
  const flags = new FlagSet();
  const [n, s, b] = [flags.int("n", 0), flags.string("s", ""), flags.static.bool("b", Boolean(0))];
  assert.deepEqual(flags.parse(["-n", "5", "--s=a=b", "-b", "rest", "-n", "6"]), [
    "rest",
    "-n",
    "6",
  ]);
  assert.deepEqual([n.value, s.value, b.value], [5, "a=b", true]);
  assert.deepEqual(flags.parse(["-b=false", "--s", "-x", "--", "-n"]), ["-n"]);
  assert.deepEqual([s.value, b.value], ["-x", false]);
  assert.deepEqual(flags.parse(["-s="]), []);
  assert.deepEqual(flags.parse(["-", "-n"]), ["-", "-n"]);
});

Deno.test("FlagSet.parse() refuses in the words of Go", () => {
  const flags = new FlagSet();
  flags.int("n", 0);
  const refused: readonly (readonly [argv: string[], message: string])[] = [
    [["-n", "x"], 'invalid value "x" for flag -n: strconv.ParseInt: parsing "x": invalid syntax'],
    [["-n"], "flag needs an argument: -n"],
    [["-m=1"], "flag provided but not defined: -m"],
    [["---n"], "bad flag syntax: ---n"],
    [["-=1"], "bad flag syntax: -=1"],
  ];
  for (const [argv, message] of refused) {
    assert.throws(() => flags.parse(argv), { name: "FlagError", message });
  }
});

Deno.test("FlagSet tells an update that a listener makes after the one it was told of", () => {
  const flags = new FlagSet();
  flags.int("a", 0, "", {
    onChangeSync: (_old, now) => now === 1 ? flags.set("a", "2") : undefined,
  });
  const told: unknown[] = [];
  flags.onUpdate(({ seq, changes }) => void told.push([seq, changes[0]?.newText]));
  flags.apply([["a", { raw: "1" }]], { source: "config" });
  assert.deepEqual(told, [[1, "1"], [2, "2"]]);
});

Deno.test("FlagSet refuses an update when a rule of it throws", () => {
  const flags = new FlagSet();
  flags.int("a", 0);
  const holds = (read: (flag: string) => unknown) => {
    if (read("a") === 1) throw new Error("Broken");
    return true;
  };
  flags.addRule({ name: "r", flags: ["a"], text: "a is good", holds });
  const { rejected } = flags.apply([["a", { raw: "1" }]], { source: "config" });
  assert.deepEqual(rejected.map(({ message }) => message), ['rule "r" cannot tell: Broken']);
});
