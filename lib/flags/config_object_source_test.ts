/** ConfigMaps and Secrets as a source, on an informer under the tests' control. */

import assert from "node:assert/strict";
import { CapturedLog } from "#tests/support/log.ts";
import {
  type ConfigObject,
  type ConfigObjectEvent,
  type ConfigObjectInformer,
  configObjectSource,
} from "./config_object_source.ts";
import { FlagSet } from "./flag_set.ts";
import { setup, Updater } from "./updater.ts";

/** An informer that reports what the test says. */
class FakeInformer implements ConfigObjectInformer {
  isRunning = false;
  readonly #handlers = new Set<(event: ConfigObjectEvent) => void>();

  start(): void {
    this.isRunning = true;
  }

  stop(): Promise<void> {
    this.isRunning = false;
    return Promise.resolve();
  }

  addHandler(handler: (event: ConfigObjectEvent) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  emit(event: ConfigObjectEvent): void {
    for (const handler of this.#handlers) handler(event);
  }

  /** The object with these values; the first one is followed by `synced`. */
  put(object: ConfigObject, type: "added" | "updated" = "updated"): void {
    this.emit({ type, object });
    if (type === "added") this.emit({ type: "synced" });
  }
}

function cluster(kinds: readonly ("ConfigMap" | "Secret")[]) {
  const informers: FakeInformer[] = [];
  const source = configObjectSource(kinds.map((kind, at) => ({
    kind,
    description: `${kind.toLowerCase()} team/o${at}`,
    open: () => informers[at] = new FakeInformer(),
  })));
  /** Calls `informer(n)` once the source has opened it. */
  const informer = (at: number) => {
    const found = informers[at];
    assert.ok(found, `informer ${at} is not open`);
    return found;
  };
  return { source, informer };
}

Deno.test("configObjectSource() reads texts, bytes and Secrets, later objects over earlier ones", async () => {
  const { source, informer } = cluster(["ConfigMap", "Secret"]);
  const flags = new FlagSet();
  const [a, b] = [flags.string("a", ""), flags.string("b", "")];
  const blob = flags.binary("blob", new Uint8Array());
  const ready = setup(flags, source);
  informer(0).put({ data: { a: "map", b: "map" }, binaryData: { blob: "AAEC" } }, "added");
  informer(1).put({ data: { b: "c2VjcmV0" } }, "added");
  const updater = await ready;
  assert.deepEqual([a.value, b.value, blob.value], ["map", "secret", Uint8Array.of(0, 1, 2)]);
  await updater.stop();
});

Deno.test("configObjectSource() reports changes of values and none of metadata", async () => {
  const { flags, updater, informer } = await following({ a: "1" });
  let updates = 0;
  flags.onUpdate(() => updates += 1);
  informer.put({ data: { a: "1" } });
  assert.equal(updates, 0);
  informer.put({ data: { a: "2" } });
  assert.deepEqual([updates, flags.get("a")?.value], [1, 2]);
  await updater.stop();
  assert.ok(!informer.isRunning);
});

Deno.test("configObjectSource() keeps values of a deleted object and applies it when it is back", async () => {
  const { flags, updater, informer, log } = await following({ a: "5" }, { onRemove: "default" });
  informer.emit({ type: "deleted", object: { data: { a: "5" } } });
  assert.equal(flags.get("a")?.value, 5);
  // Nothing failed to be read.
  assert.deepEqual([log.messages("warn"), log.messages("error")], [["values kept"], []]);
  assert.equal(log.lines.at(-1)?.fields["reason"], "configmap team/o0 was deleted");
  assert.equal(updater.errors, 0);
  informer.emit({ type: "added", object: { data: { a: "6" } } });
  assert.equal(flags.get("a")?.value, 6);
  informer.put({ data: {} });
  assert.equal(flags.get("a")?.value, 1);
  await updater.stop();
});

Deno.test("configObjectSource() goes on after errors of the server, with the last values", async () => {
  const { flags, updater, informer } = await following({ a: "5" });
  informer.emit({ type: "error", error: new Error("Connection refused") });
  assert.deepEqual([flags.get("a")?.value, updater.errors], [5, 1]);
  informer.put({ data: { a: "6" } });
  assert.equal(flags.get("a")?.value, 6);
  await updater.stop();
});

Deno.test("configObjectSource() refuses an object that is not there", async () => {
  const { source, informer } = cluster(["ConfigMap"]);
  const refused = assert.rejects(new Updater(new FlagSet(), source).initialize(), {
    message: "Cannot read flags from configmap team/o0: no such object",
  });
  informer(0).emit({ type: "synced" });
  await refused;
  assert.ok(!informer(0).isRunning);
});

Deno.test("configObjectSource() stops waiting when the signal is aborted", async () => {
  const { source, informer } = cluster(["ConfigMap"]);
  const controller = new AbortController();
  const refused = assert.rejects(source.read(controller.signal), /Enough/);
  controller.abort(new Error("Enough"));
  await refused;
  assert.ok(!informer(0).isRunning);
});

Deno.test("configObjectSource() reports what changed between the first read and the watch", async () => {
  const { source, informer } = cluster(["ConfigMap"]);
  const flags = new FlagSet();
  const a = flags.int("a", 0);
  const updater = new Updater(flags, source);
  const initialized = updater.initialize();
  informer(0).put({ data: { a: "1" } }, "added");
  await initialized;
  informer(0).put({ data: { a: "2" } });
  assert.equal(a.value, 1);
  await updater.start();
  assert.equal(a.value, 2);
  await updater.stop();
});

Deno.test("configObjectSource() tells nothing of a part after it is started again", async () => {
  const { source, informer } = cluster(["ConfigMap", "ConfigMap"]);
  const flags = new FlagSet();
  const [a, b] = [flags.int("a", 0), flags.int("b", 0)];
  const ready = setup(flags, source, { onRemove: "default" });
  informer(0).put({ data: { a: "1" } }, "added");
  informer(1).put({ data: { b: "1" } }, "added");
  const updater = await ready;
  await updater.stop();
  await updater.start();
  informer(0).put({ data: { a: "2" } }, "added");
  // Without its second object the source must not look as if `b` were removed.
  assert.deepEqual([a.value, b.value], [1, 1]);
  informer(1).put({ data: { b: "2" } }, "added");
  assert.deepEqual([a.value, b.value], [2, 2]);
  await updater.stop();
});

Deno.test("configObjectSource() refuses flags whose bytes cannot be decoded", async () => {
  const { flags, updater, informer } = await following({ a: "1" });
  informer.put({ data: { a: "2" }, binaryData: { b: "!" } });
  assert.deepEqual([flags.get("a")?.value, flags.get("b")?.value], [2, 1]);
  assert.match(flags.entry("b")?.error ?? "", /^Cannot decode base64/);
  await updater.stop();
});

Deno.test("setup() leaves nothing running when it refuses a value", async () => {
  const { source, informer } = cluster(["ConfigMap"]);
  const flags = new FlagSet();
  flags.int("a", 1);
  const ready = setup(flags, source);
  informer(0).put({ data: { a: "bad" } }, "added");
  await assert.rejects(ready, { name: "AggregateError" });
  assert.ok(!informer(0).isRunning);
});

/** Flags `a` and `b`, 1 by default, following one ConfigMap. */
async function following(
  data: Record<string, string>,
  options: ConstructorParameters<typeof Updater>[2] = {},
) {
  const { source, informer } = cluster(["ConfigMap"]);
  const flags = new FlagSet();
  flags.int("a", 1);
  flags.int("b", 1);
  const log = new CapturedLog();
  const ready = setup(flags, source, { log, ...options });
  informer(0).put({ data }, "added");
  return { flags, updater: await ready, informer: informer(0), log };
}
