/** One ConfigMap or Secret through the API (reload.md 4): by watch, or by asking again where watching is denied. */

import { type ConfigKind, type StoredObject, toConfigObject } from "#lib/kube/config_object.ts";
import type { Informer, KubeClient } from "#lib/kube/mod.ts";
import type { Logger } from "#lib/log/logger.ts";
import { aborted } from "#lib/run/aborted.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import { createSeldom } from "../seldom.ts";
import { type Source, type SourceEvents, StartFailure } from "./source.ts";
import { withinStartup } from "./within_startup.ts";
import {
  forceOf,
  isMissing,
  isOlder,
  isRefusal,
  isSame,
  pollMs,
  reasonOf,
} from "./stored_object.ts";

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
      const known = Promise.race([
        informer.synced.then(() => "synced" as const),
        failed.promise.then((err) => ({ err })),
      ]);
      const outcome = await withinStartup(known, options.startupTimeoutMs, { clock, signal });
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
      take(await getObject(signal));
    } catch {
      // Why it may not be watched is the first thing to put right.
      throw new StartFailure(`Cannot read ${title}: ${reasonOf(refusal)}`, [
        `--print-rbac prints the rights that are needed`,
      ], { cause: refusal });
    }
    mode = "poll";
    error = undefined;
    // It would ask for what is denied again and again.
    await informer.stop();
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
    if (mode === "poll") {
      while (object === undefined) {
        await sleep(pollMs(), { clock, signal });
        await askFor(take, signal);
      }
      return;
    }
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

  async function follow(events: SourceEvents, signal: AbortSignal): Promise<void> {
    if (mode === "poll") return await poll(events, signal);
    const remove = informer.addHandler((event) => {
      lastContact = clock.now();
      switch (event.type) {
        case "error":
          error = reasonOf(event.error);
          return onAway(event.error, events);
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
    // Gone since it was read first, while others were waited for: nobody heard of that, and no event tells it again.
    if (object !== undefined && informer.get(namespace, name) === undefined) onDeleted(events);
    await aborted(signal);
    remove();
    await informer.stop();
  }

  function onAway(err: unknown, events: SourceEvents): void {
    events.onFailure();
    if (!isNews("away")) return;
    log.warn("API server cannot be followed, files stay as they are", { object: title, err });
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
      await sleep(pollMs(), { clock, signal }).catch(() => undefined);
      if (signal.aborted) break;
      const before = error;
      await askFor((found) => {
        if (found === undefined) {
          if (object !== undefined) onDeleted(events);
        } else if (!isSame(found, object)) takeAndTell(found, events);
      }, signal);
      if (signal.aborted) break;
      if (error !== undefined) onAway(error, events);
      else if (before !== undefined) log.info("API server is followed again", { object: title });
    }
  }

  /** Asks for the object by its name; what cannot be had for the moment is noted and no more. */
  async function askFor(
    onAnswer: (found: StoredObject | undefined) => void,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      onAnswer(await getObject(signal));
      error = undefined;
    } catch (err) {
      if (!signal.aborted) error = reasonOf(err);
    }
  }

  async function getObject(signal: AbortSignal): Promise<StoredObject | undefined> {
    const found = await client.get<StoredObject>({ ...resource, name }, { signal })
      .catch((err) => {
        if (!isMissing(err)) throw err;
        return undefined;
      });
    lastContact = clock.now();
    return found;
  }

  return {
    load,
    follow,
    parts: () => [{
      ...{ source: title, folder, entries },
      // What there was before this run is on the disk alone.
      keepsOld: object !== undefined && entries.size === 0 && options.onEmpty === "keep",
    }],
    status: () => [{
      kind,
      namespace,
      name,
      mode,
      uid: object?.metadata.uid ?? "",
      resourceVersion: object?.metadata.resourceVersion ?? "",
      present: object !== undefined,
      lastContact: mode === "poll" ? lastContact : informer.lastContact ?? lastContact,
      error,
    }],
    async refresh(signal) {
      if (mode === "poll") {
        const found = await getObject(signal);
        // That it is gone is said by the next look of those who follow it.
        if (found !== undefined && !isSame(found, object)) take(found);
        return;
      }
      const { items: [found] } = await client.list<StoredObject>(resource, {
        ...{ fieldSelector: `metadata.name=${name}`, signal },
      });
      if (found !== undefined && !isSame(found, object) && !isOlder(found, object)) take(found);
    },
    close: () => informer.stop(),
  };
}
