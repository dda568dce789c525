/** One value: reading, setting, refusing, telling. */

import assert from "node:assert/strict";
import { settle } from "#tests/support/clock.ts";
import { dyn, fixed } from "./declare.ts";
import { FlagError } from "./errors.ts";
import { FlagSet } from "./flag_set.ts";
import { validateRange } from "./validators.ts";

Deno.test("DynValue is read as a property, by get() and as a call", () => {
  const limit = dyn.int(5, "requests per second");
  const total: number = limit.value + limit.get() + limit();
  assert.equal(total, 15);
  assert.deepEqual([limit.default, limit.usage, limit.isDynamic, `${limit}`], [
    ...[5, "requests per second", true, "5"],
  ]);
});

Deno.test("DynValue.set() mutates the text, parses, mutates the value, checks, then swaps", () => {
  const steps: string[] = [];
  const value = dyn.int(0, "", {
    mutateInput: (raw) => {
      steps.push(`input ${raw}`);
      return raw.replace("%", "");
    },
    mutate: (parsed) => {
      steps.push(`value ${parsed}`);
      return parsed * 2;
    },
    validate: (doubled) => {
      steps.push(`check ${doubled}`);
    },
    onChangeSync: (old, now) => {
      steps.push(`told ${old} ${now}`);
    },
  });
  value.set("21%");
  assert.equal(value.value, 42);
  assert.deepEqual(steps, ["input 21%", "value 21", "check 42", "told 0 42"]);
});

Deno.test("DynValue.set() leaves everything as it was when refused", () => {
  let calls = 0;
  const value = dyn.int(5, "", {
    validate: validateRange(1, 10),
    onChangeSync: () => void calls++,
  });
  for (const [raw, reason] of [["x", "syntax"], ["1e99", "syntax"], ["99", "validation"]]) {
    assert.throws(() => value.set(raw ?? ""), (err) => {
      return err instanceof FlagError && err.reason === reason && err.raw === raw &&
        err.flag === "";
    });
  }
  assert.throws(() => value.set("99999999999999999999"), { reason: "range" });
  assert.throws(() => value.setValue(11), { reason: "validation", raw: "11" });
  assert.deepEqual([value.value, calls, value.isChanged], [5, 0, false]);
});

Deno.test("DynValue is changed while its text differs from the default's", () => {
  const value = dyn.stringSet(["b", "a"]);
  value.set("a,b");
  assert.ok(!value.isChanged);
  value.set("a,c");
  assert.ok(value.isChanged);
  value.set("b,a,a");
  assert.ok(!value.isChanged);
});

Deno.test("DynValue prints the default of a log level as it was declared", () => {
  const level = dyn.logLevel("Info");
  assert.deepEqual([level.value, `${level}`, level.isChanged], ["info", "Info", false]);
  level.set("INFO");
  assert.deepEqual([level.value, `${level}`, level.isChanged], ["info", "info", true]);
});

Deno.test("DynValue tells listeners of changes only, or of every set when asked to", () => {
  const told: number[] = [];
  const quiet = dyn.int(1, "", { onChangeSync: (_, now) => void told.push(now) });
  quiet.set("1");
  quiet.set("2");
  assert.deepEqual(told, [2]);
  const chatty = dyn.int(1, "", {
    onChangeSync: (_, now) => void told.push(now),
    notifyUnchanged: true,
  });
  chatty.set("1");
  assert.deepEqual(told, [2, 1]);
});

Deno.test("DynValue tells queued listeners later, one call at a time, in order", async () => {
  const steps: string[] = [];
  const value = dyn.int(0);
  const gates: (() => void)[] = [];
  value.onChange(async (old, now) => {
    steps.push(`begin ${old} ${now}`);
    await new Promise<void>((resolve) => gates.push(resolve));
    steps.push(`end ${now}`);
  });
  value.set("1");
  value.set("2");
  assert.deepEqual(steps, []);
  await settle();
  assert.deepEqual(steps, ["begin 0 1"]);
  gates[0]?.();
  await settle();
  assert.deepEqual(steps, ["begin 0 1", "end 1", "begin 1 2"]);
  gates[1]?.();
  await settle();
});

Deno.test("DynValue forgets a listener that is taken away or whose signal is aborted", () => {
  const told: string[] = [];
  const value = dyn.int(0);
  const remove = value.onChange(() => void told.push("removed"), { sync: true });
  const controller = new AbortController();
  value.onChange(() => void told.push("aborted"), { sync: true, signal: controller.signal });
  value.onChange(() => void told.push("never"), { sync: true, signal: AbortSignal.abort() });
  value.set("1");
  remove();
  controller.abort();
  value.set("2");
  assert.deepEqual(told, ["removed", "aborted"]);
});

Deno.test("DynValue lets no listener's error reach the setter or other listeners", async () => {
  const errors: unknown[] = [];
  const told: string[] = [];
  const value = dyn.int(0);
  value.bound("x", {
    report: (err) => errors.push(String(err)),
    onSet: () => undefined,
    refusalOf: () => undefined,
  });
  value.onChange(() => {
    throw new Error("Sync");
  }, { sync: true });
  value.onChange(() => Promise.reject(new Error("Sync later")), { sync: true });
  value.onChange(() => Promise.reject(new Error("Queued")));
  value.onChange(() => void told.push("sync"), { sync: true });
  value.onChange(() => void told.push("queued"));
  value.set("1");
  await settle();
  assert.equal(value.value, 1);
  assert.deepEqual(told, ["sync", "queued"]);
  assert.deepEqual(errors.sort(), ["Error: Queued", "Error: Sync", "Error: Sync later"]);
});

Deno.test("DynValue.changes() yields changes from the call on until it is left", async () => {
  const value = dyn.int(0);
  const changes = value.changes();
  value.set("1");
  value.set("2");
  const seen: unknown[] = [];
  for await (const change of changes) {
    seen.push(change);
    if (seen.length === 1) value.set("3");
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen, [{ old: 0, new: 1 }, { old: 1, new: 2 }, { old: 2, new: 3 }]);
  const waiting = value.changes();
  const next = waiting.next();
  await waiting.return?.();
  assert.deepEqual(await next, { done: true, value: undefined });
});

Deno.test("DynValue keeps at most 1000 changes for a reader that does not read", async () => {
  const value = dyn.int(0);
  const changes = value.changes();
  for (let count = 1; count <= 1500; count++) value.setValue(count);
  assert.deepEqual(await changes.next(), { done: false, value: { old: 500, new: 501 } });
  await changes.return?.();
});

Deno.test("DynValue does not share what code handed in", () => {
  const items = ["a"];
  const list = dyn.stringSlice(items);
  const document = dyn.json({ deep: { list: [1] } });
  items.push("b");
  assert.deepEqual(list.value, ["a"]);
  assert.throws(() => document.value.deep.list.push(2), TypeError);
  document.setValue({ deep: { list: [2] } });
  assert.throws(() => document.value.deep.list.push(3), TypeError);
});

Deno.test("DynValue of a static flag refuses once it is settled", () => {
  const port = fixed.int(80);
  port.set("8080");
  port.freeze();
  assert.throws(() => port.set("81"), { name: "FlagError", reason: "static" });
  assert.deepEqual([port.value, port.isDynamic], [8080, false]);
});

Deno.test("DynValue takes bytes as they are for binary flags, as text for others", () => {
  const bytes = new TextEncoder().encode(" aGk= \n");
  const blob = dyn.binary(new Uint8Array());
  const text = dyn.string("");
  for (const value of [blob, text]) {
    const change = value.prepare({ bytes });
    change.swap();
  }
  assert.deepEqual(blob.value, bytes);
  assert.equal(text.value, "aGk=");
});

Deno.test("DynValue can be built up step by step", () => {
  const told: number[] = [];
  const value = dyn.int(1)
    .withInputMutator((raw) => raw.slice(1))
    .withValueMutator((parsed) => parsed + 1)
    .withValidator(validateRange(0, 10))
    .withSyncNotifier((_, now) => void told.push(now));
  value.set("x4");
  assert.deepEqual([value.value, told], [5, [5]]);
  assert.throws(() => value.set("x10"), { message: "value 11 not in [0, 10] range" });
});

Deno.test("DynValue tells changes that a listener makes after the one it was told of", async () => {
  const value = dyn.int(0);
  const [sync, queued]: [number[][], number[][]] = [[], []];
  value.onChange((_old, now) => now < 3 ? value.setValue(now + 1) : undefined, { sync: true });
  value.onChange((old, now) => void sync.push([old, now]), { sync: true });
  value.onChange((old, now) => void queued.push([old, now]));
  value.set("1");
  const inOrder = [[0, 1], [1, 2], [2, 3]];
  assert.deepEqual(sync, inOrder);
  await settle();
  assert.deepEqual(queued, inOrder);
});

Deno.test("DynValue ends listeners that change it for ever", () => {
  const flags = new FlagSet();
  const value = flags.int("n", 0);
  value.onChange((_old, now) => value.setValue(now + 1), { sync: true });
  value.set("1");
  assert.ok(flags.listenerErrors >= 1);
});

Deno.test("DynValue does not call a listener that another one took away in the same turn", () => {
  const value = dyn.int(0);
  const heard: string[] = [];
  const abort = new AbortController();
  value.onChange(() => {
    heard.push("first");
    abort.abort();
  }, { sync: true });
  value.onChange(() => void heard.push("second"), { sync: true, signal: abort.signal });
  value.set("1");
  assert.deepEqual(heard, ["first"]);
});
