/** Bringing values into flags: phases, refusals, removal, overrides, and versions seen as a whole. */

import assert from "node:assert/strict";
import { ManualClock } from "#tests/support/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { denoDirectoryAccess } from "./deno.ts";
import { directorySource } from "./directory_source.ts";
import { FlagError } from "./errors.ts";
import { FlagSet } from "./flag_set.ts";
import type { FlagUpdate } from "./flag_set_contract.ts";
import { type FlagSource, MemorySource, type SourceItem } from "./source.ts";
import { setup, Updater } from "./updater.ts";

Deno.test("Updater.initialize() sets dynamic and static flags", async () => {
  const flags = new FlagSet();
  const limit = flags.int("limit", 1);
  const port = flags.static.int("port", 80);
  await new Updater(flags, new MemorySource({ limit: " 5\n", port: "8080" })).initialize();
  assert.deepEqual([limit.value, port.value, flags.entry("port")?.source], [5, 8080, "config"]);
});

Deno.test("Updater.initialize() lists every bad value and sets the good ones", async () => {
  const flags = new FlagSet();
  flags.int("a", 1);
  flags.bool("b", Boolean(0));
  const c = flags.int("c", 1);
  const updater = new Updater(flags, new MemorySource({ a: "x", b: "y", c: "3" }));
  await assert.rejects(updater.initialize(), (err: AggregateError) => {
    assert.equal(
      err.message,
      'Cannot set 2 flags from memory: flag a: strconv.ParseInt: parsing "x": invalid syntax; ' +
        'flag b: strconv.ParseBool: parsing "y": invalid syntax',
    );
    return err.errors.every((one) => one instanceof FlagError);
  });
  assert.deepEqual([c.value, updater.errors], [3, 2]);
});

Deno.test("Updater keeps the old value of a bad one, and shows why", async () => {
  const { flags, source, updater, log } = await running({ a: "1", b: "1" });
  const errors: unknown[] = [];
  updater.addEventListener("error", (event) => errors.push((event as CustomEvent).detail));
  source.replace({ a: "2", b: "bad" });
  assert.deepEqual([flags.get("a")?.value, flags.get("b")?.value], [2, 1]);
  assert.match(flags.entry("b")?.error ?? "", /invalid syntax/);
  assert.deepEqual([updater.errors, errors.length, log.messages("error")], [1, 1, [
    "flag refused",
  ]]);
  source.replace({ a: "2", b: "7" });
  assert.equal(flags.entry("b")?.error, undefined);
  await updater.stop();
});

Deno.test("Updater writes no secret into log or error", async () => {
  const flags = new FlagSet();
  flags.int("pin", 1, "", { secret: true });
  const source = new MemorySource({ pin: "hunter2" });
  const log = new CapturedLog();
  const updater = new Updater(flags, source, { log });
  await assert.rejects(updater.initialize(), {
    message: "Cannot set 1 flags from memory: flag pin: refused",
  });
  await updater.start();
  source.replace({ pin: "hunter2" });
  assert.deepEqual(log.messages("error"), ["flag refused"]);
  assert.ok(!JSON.stringify(log.lines).includes("hunter2"));
  await updater.stop();
});

Deno.test("Updater sets nothing of an update with a bad value when atomic", async () => {
  const { flags, source, updater } = await running({ a: "1", b: "1" }, { atomic: true });
  source.replace({ a: "2", b: "bad" });
  assert.deepEqual(flags.snapshot(), { a: 1, b: 1, fixed: 1 });
  source.replace({ a: "2", b: "2" });
  assert.deepEqual(flags.snapshot(), { a: 2, b: 2, fixed: 1 });
  await updater.stop();
});

Deno.test("Updater warns once of a static flag that would need a restart", async () => {
  const { flags, source, updater, log } = await running({ fixed: "5" });
  source.replace({ fixed: "05\n" });
  assert.equal(updater.restartNeeded.size, 0);
  source.replace({ fixed: "6" });
  source.replace({ fixed: "bad" });
  assert.deepEqual([...updater.restartNeeded], ["fixed"]);
  assert.equal(flags.get("fixed")?.value, 5);
  assert.equal(updater.errors, 0);
  assert.deepEqual(log.messages("warn"), ["static flag differs, restart needed"]);
  source.replace({ fixed: "5" });
  assert.equal(updater.restartNeeded.size, 0);
  await updater.stop();
});

Deno.test("Updater warns once of each unknown name, and not at all when told so", async () => {
  const { source, updater, log } = await running({ x: "1", y: "1" });
  const names: unknown[] = [];
  updater.addEventListener("unknown", (event) => names.push((event as CustomEvent).detail));
  source.replace({ x: "2", z: "1" });
  assert.deepEqual([updater.warnings, updater.errors, names], [3, 0, ["z"]]);
  assert.equal(log.messages("warn").length, 3);
  await updater.stop();
  const ignoring = new Updater(new FlagSet(), new MemorySource({ x: "1" }), { unknown: "ignore" });
  await ignoring.initialize();
  assert.equal(ignoring.warnings, 0);
  const strict = new Updater(new FlagSet(), new MemorySource({ x: "1" }), { unknown: "error" });
  await assert.rejects(strict.initialize(), /flag x: flag "x" is not declared/);
});

Deno.test("Updater keeps the value of a removed key, or gives the one before back", async () => {
  const kept = await running({ a: "5" });
  kept.source.replace({});
  assert.equal(kept.flags.get("a")?.value, 5);
  await kept.updater.stop();
  const dropped = await running({ a: "5", b: "6" }, { onRemove: "default" });
  dropped.source.replace({ b: "6" });
  assert.deepEqual([dropped.flags.get("a")?.value, dropped.flags.get("b")?.value], [1, 6]);
  assert.equal(dropped.flags.entry("a")?.source, "default");
  await dropped.updater.stop();
});

Deno.test("Updater gives values of removed keys back in the turn of the others, as one update", async () => {
  const { flags, source, updater } = await running({ a: "5", b: "10" }, { onRemove: "default" });
  flags.addRule({
    ...{ name: "order", flags: ["a", "b"], text: "a < b + 5" },
    holds: (read) => Number(read("a")) < Number(read("b")) + 5,
  });
  const updates: FlagUpdate[] = [];
  flags.onUpdate((update) => updates.push(update));
  // Alone, the former value of `b` would break the rule.
  source.replace({ a: "2" });
  assert.deepEqual(flags.snapshot(), { a: 2, b: 1, fixed: 1 });
  assert.deepEqual(
    updates.map(({ source, changes, rejected }) => [source, changes.length, rejected]),
    [["config", 2, []]],
  );
  assert.deepEqual([flags.entry("b")?.source, updater.errors], ["default", 0]);
  await updater.stop();
});

Deno.test("Updater keeps values of removed keys until an update is taken", async () => {
  const options = { onRemove: "default", atomic: true } as const;
  const { flags, source, updater } = await running({ a: "5", b: "6" }, options);
  source.replace({ a: "bad" });
  assert.deepEqual(flags.snapshot(), { a: 5, b: 6, fixed: 1 });
  source.replace({ a: "7" });
  assert.deepEqual(flags.snapshot(), { a: 7, b: 1, fixed: 1 });
  await updater.stop();
});

Deno.test("Updater keeps a settled value whose key is removed, which is no error", async () => {
  const { flags, source, updater } = await running({ a: "5", fixed: "6" }, { onRemove: "default" });
  source.replace({});
  assert.deepEqual(flags.snapshot(), { a: 1, b: 1, fixed: 6 });
  assert.deepEqual([flags.entry("a")?.source, flags.entry("fixed")?.error], ["default", undefined]);
  await updater.stop();
});

Deno.test("Updater gives back the value of the command line when a key is removed", async () => {
  const flags = new FlagSet();
  const a = flags.int("a", 1);
  flags.set("a", "2");
  const source = new MemorySource({ a: "3" });
  const updater = await setup(flags, source, { onRemove: "default" });
  source.replace({});
  assert.deepEqual([a.value, flags.entry("a")?.source], [2, "cli"]);
  await updater.stop();
});

Deno.test("Updater re-asserts every key over what HTTP set, unless overrides stick", async () => {
  const giving = await running({ a: "5", b: "5" });
  giving.flags.set("a", "9", { source: "http" });
  giving.source.replace({ a: "5", b: "6" });
  assert.equal(giving.flags.get("a")?.value, 5);
  await giving.updater.stop();
  const sticky = await running({ a: "5", b: "5" }, { overridePolicy: "sticky" });
  sticky.flags.set("a", "9", { source: "http" });
  sticky.source.replace({ a: "7", b: "6" });
  assert.deepEqual([sticky.flags.get("a")?.value, sticky.flags.get("b")?.value], [9, 6]);
  sticky.flags.clearOverride("a");
  assert.deepEqual([sticky.flags.get("a")?.value, sticky.flags.entry("a")?.source], [7, "config"]);
  await sticky.updater.stop();
});

Deno.test("Updater refuses what cannot be read, and directories of a flag's name", async () => {
  const items = new Map<string, SourceItem>([
    ["a", { problem: "larger than 4194304 bytes" }],
    ["b", { isDirectory: true }],
    ["other", { isDirectory: true }],
  ]);
  const source: FlagSource = {
    description: "test",
    read: () => Promise.resolve({ items, isComplete: true }),
    watch: () => Promise.resolve({ ended: Promise.resolve() }),
  };
  const flags = declared();
  const updater = new Updater(flags, source);
  await assert.rejects(
    updater.initialize(),
    /flag a: larger than 4194304 bytes; flag b: is a directory/,
  );
  assert.deepEqual([updater.errors, updater.warnings], [2, 1]);
});

Deno.test("Updater says when it is used out of order, and starts again after a stop", async () => {
  const { source, flags, updater } = await running({ a: "1" });
  await assert.rejects(updater.start(), /^Error: already started$/);
  await assert.rejects(updater.initialize(), /^Error: already initialized$/);
  await updater.stop();
  await assert.rejects(updater.stop(), /^Error: not updating$/);
  source.replace({ a: "2" });
  assert.equal(flags.get("a")?.value, 1);
  await updater.start();
  source.replace({ a: "3" });
  assert.equal(flags.get("a")?.value, 3);
  await updater[Symbol.asyncDispose]();
  assert.ok(!updater.isRunning);
});

Deno.test("Updater shows versions of a volume as a whole through 2,000 swaps", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "0", b: "0" });
  const flags = new FlagSet();
  const [a, b] = [flags.int("a", 0), flags.int("b", 0)];
  const torn: string[] = [];
  const check = () => {
    if (a.value !== b.value) torn.push(`${a.value}/${b.value}`);
  };
  a.onChange(check, { sync: true });
  b.onChange(check);
  const source = directorySource(volume.path, {
    access: denoDirectoryAccess,
    clock: new ManualClock(),
  });
  await using updater = await setup(flags, source);
  let updates = 0;
  flags.onUpdate(() => updates += 1);
  for (let version = 1; version <= 2000; version++) {
    await volume.swap({ a: `${version}`, b: `${version}` });
    check();
  }
  await eventually("the last version", () => a.value === 2000 && b.value === 2000);
  assert.deepEqual([torn, updater.errors], [[], 0]);
  assert.ok(updates > 10, `${updates} updates seen`);
});

function declared(): FlagSet {
  const flags = new FlagSet();
  flags.int("a", 1);
  flags.int("b", 1);
  flags.static.int("fixed", 1);
  return flags;
}

/** Flags `a`, `b` and the static `fixed`, all 1 by default, following a source that begins with `values`. */
async function running(
  values: Record<string, string>,
  options: ConstructorParameters<typeof Updater>[2] = {},
) {
  const flags = declared();
  const source = new MemorySource(values);
  const log = new CapturedLog();
  const updates: FlagUpdate[] = [];
  flags.onUpdate((update) => updates.push(update));
  const updater = await setup(flags, source, { log, ...options });
  return { flags, source, updater, log, updates };
}
