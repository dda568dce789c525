/** One ConfigMap or Secret through the API (reload.md 4): by watch, or by asking again where watching is denied. */

import { type ConfigKind, type StoredObject, toConfigObject } from "#lib/kube/config_object.ts";
import { type Informer, KubeApiError, type KubeClient } from "#lib/kube/mod.ts";
import type { Logger } from "#lib/log/logger.ts";
import { aborted } from "#lib/run/aborted.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import { createSeldom } from "../seldom.ts";
import { type Source, type SourceEvents, StartFailure } from "./source.ts";

/** An object and what its absence means. */
export interface ObjectSourceOptions {
  readonly kind: ConfigKind;
  readonly namespace: string;
  readonly name: string;
  /** Folder for its files, empty for none. */
  readonly folder: string;
  readonly missing: "fail" | "wait" | "empty";
  readonly onDelete: "keep" | "empty" | "exit";
  readonly onEmpty: "apply" | "keep";
  /** Longest time until it is read first; 0 for ever. Milliseconds. */
  readonly startupTimeoutMs: number;
  /** Between two real lists; 0 for never. Milliseconds. */
  readonly resyncMs: number;
}

/** What it needs. */
export interface ObjectSourceDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
}

const POLL_MS = 30_000;
const NO_ENTRIES: ReadonlyMap<string, Uint8Array> = new Map();

/** Makes the source; nothing is asked before `load`. */
export function createObjectSource(options: ObjectSourceOptions, deps: ObjectSourceDeps): Source {
  const { kind, namespace, name, folder } = options;
  const { client, clock, log } = deps;
  const title = `${kind} ${namespace}/${name}`;
  const resource = { group: "", version: "v1", resource: `${kind}s`, namespace } as const;
  const informer: Informer<StoredObject> = client.informer<StoredObject>({
    resource,
    fieldSelector: `metadata.name=${name}`,
    resyncMs: options.resyncMs,
  });
  const isNews = createSeldom(clock);
  let entries = NO_ENTRIES;
  let object: StoredObject | undefined;
  let mode: "watch" | "poll" = "watch";
  let lastContact: number | undefined;
  let error: string | undefined;

  /** Takes over an object, or its absence. */
  function take(stored: StoredObject | undefined): void {
    object = stored;
    if (stored === undefined) {
      if (options.onDelete === "empty") entries = NO_ENTRIES;
      return;
    }
    const now = toConfigObject(stored, kind).entries;
    if (now.size > 0 || options.onEmpty === "apply") entries = now;
  }

  async function load(signal: AbortSignal): Promise<void> {
    const failed = Promise.withResolvers<unknown>();
    const remove = informer.addHandler((event) => {
      if (event.type !== "error") return;
      error = reasonOf(event.error);
      log.warn("object cannot be read yet", { object: title, err: event.error });
      if (isRefusal(event.error)) failed.resolve(event.error);
    });
    informer.start();
    try {
      const outcome = await Promise.race([
        informer.synced.then(() => "synced" as const),
        failed.promise.then((err) => ({ err })),
        startupEnd(signal),
      ]);
      if (outcome === "synced") {
        error = undefined;
        take(informer.get(namespace, name));
      } else if (outcome === "timeout") {
        throw new StartFailure(
          `Cannot read ${title} within ${options.startupTimeoutMs} ms: ${error ?? "no answer"}`,
        );
      } else await loadByGet(outcome.err, signal);
    } finally {
      remove();
    }
    if (object === undefined) await withoutObject(signal);
  }

  /** Where list and watch are denied, GET may still be allowed. */
  async function loadByGet(refusal: unknown, signal: AbortSignal): Promise<void> {
    try {
      take(await client.get<StoredObject>({ ...resource, name }, { signal }));
    } catch (err) {
      if (isMissing(err)) take(undefined);
      else {
        throw new StartFailure(`Cannot read ${title}: ${reasonOf(refusal)}`, [
          `--print-rbac prints the rights that are needed`,
        ], { cause: refusal });
      }
    }
    mode = "poll";
    error = undefined;
    log.warn("watching is denied, the object is asked for every 30 s", { object: title });
  }

  async function withoutObject(signal: AbortSignal): Promise<void> {
    if (options.missing === "empty") return;
    if (options.missing === "fail") {
      throw new StartFailure(`There is no ${title}`, [
        "create it, or wait for it with --missing=wait",
      ]);
    }
    log.info("waiting for an object that is not there", { object: title });
    const present = Promise.withResolvers<void>();
    const remove = informer.addHandler((event) => {
      if (event.type !== "added" && event.type !== "updated") return;
      take(event.object);
      present.resolve();
    });
    const stop = () => present.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    await present.promise.finally(() => {
      remove();
      signal.removeEventListener("abort", stop);
    });
  }

  async function startupEnd(signal: AbortSignal): Promise<"timeout"> {
    if (options.startupTimeoutMs === 0) {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      return await promise;
    }
    await sleep(options.startupTimeoutMs, { clock, signal });
    return "timeout";
  }

  async function follow(events: SourceEvents, signal: AbortSignal): Promise<void> {
    if (mode === "poll") return await poll(events, signal);
    const remove = informer.addHandler((event) => {
      lastContact = clock.now();
      switch (event.type) {
        case "error":
          error = reasonOf(event.error);
          events.onFailure();
          if (isNews("away")) {
            log.warn("API server cannot be followed, files stay as they are", {
              object: title,
              err: event.error,
            });
          }
          return;
        case "synced":
          if (error !== undefined) log.info("API server is followed again", { object: title });
          error = undefined;
          return;
        case "deleted":
          return onDeleted(events);
        default:
          error = undefined;
          if (isSame(event.object, object)) return;
          takeAndTell(event.object, events);
      }
    });
    await aborted(signal);
    remove();
    await informer.stop();
  }

  function takeAndTell(stored: StoredObject, events: SourceEvents): void {
    const before = object;
    if (before === undefined) log.info("object is there", { object: title });
    try {
      take(stored);
    } catch (err) {
      error = reasonOf(err);
      log.error("object refused, files stay as they are", { object: title, err });
      return;
    }
    events.onChange("lone");
    if (before !== undefined && forceOf(before) !== forceOf(stored)) {
      log.info("forced by annotation", { object: title });
      events.onForced();
    }
  }

  function onDeleted(events: SourceEvents): void {
    log.warn("object was deleted", { object: title, then: options.onDelete });
    take(undefined);
    events.onMissing(title);
    if (options.onDelete === "exit") events.onEnd(`${title} was deleted`);
    else events.onChange("lone");
  }

  async function poll(events: SourceEvents, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(POLL_MS * (0.9 + 0.2 * Math.random()), { clock, signal }).catch(() => undefined);
      if (signal.aborted) break;
      await ask(events, signal);
    }
    await informer.stop();
  }

  async function ask(events: SourceEvents, signal: AbortSignal): Promise<void> {
    try {
      const found = await client.get<StoredObject>({ ...resource, name }, { signal });
      lastContact = clock.now();
      error = undefined;
      if (!isSame(found, object)) takeAndTell(found, events);
    } catch (err) {
      if (signal.aborted) return;
      if (isMissing(err) && object !== undefined) return onDeleted(events);
      error = reasonOf(err);
    }
  }

  return {
    load,
    follow,
    parts: () => [{ source: title, folder, entries }],
    status: () => [{
      kind,
      namespace,
      name,
      mode,
      uid: object?.metadata.uid ?? "",
      resourceVersion: object?.metadata.resourceVersion ?? "",
      present: object !== undefined,
      lastContact: informer.lastContact ?? lastContact,
      error,
    }],
    async refresh() {
      if (mode === "poll") return;
      const { items: [found] } = await client.list<StoredObject>(resource, {
        fieldSelector: `metadata.name=${name}`,
      });
      if (found !== undefined && !isSame(found, object)) take(found);
    },
  };
}

function isSame(a: StoredObject, b: StoredObject | undefined): boolean {
  return b !== undefined && a.metadata.uid === b.metadata.uid &&
    a.metadata.resourceVersion === b.metadata.resourceVersion;
}

/** Whoever changes this annotation asks for a reload (reload.md 4.3). */
function forceOf({ metadata }: StoredObject): string | undefined {
  return metadata.annotations?.["kcfg.dev/reload"];
}

function isRefusal(err: unknown): boolean {
  return err instanceof KubeApiError && (err.status === 403 || err.status === 404);
}

function isMissing(err: unknown): boolean {
  return err instanceof KubeApiError && err.status === 404;
}

function reasonOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
