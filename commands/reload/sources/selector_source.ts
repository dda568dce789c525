/** All ConfigMaps and Secrets that a label selector names (reload.md 2.3, 4.1); a change of any is one of a group. */

import { type ConfigKind, type StoredObject, toConfigObject } from "#lib/kube/config_object.ts";
import type { Informer, KubeClient } from "#lib/kube/mod.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import { createSeldom } from "../seldom.ts";
import { type Source, type SourceEvents, type SourceStatus, StartFailure } from "./source.ts";

/** Which objects, and how their files are named. */
export interface SelectorSourceOptions {
  readonly kinds: readonly ConfigKind[];
  /** `undefined` for all of the cluster. */
  readonly namespaces: readonly string[] | undefined;
  readonly selector: string;
  /** Name files `namespace_NS.KIND_OBJECT.KEY`. */
  readonly uniqueNames: boolean;
  readonly startupTimeoutMs: number;
  readonly resyncMs: number;
}

/** What it needs. */
export interface SelectorSourceDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Collection {
  readonly kind: ConfigKind;
  readonly place: string;
  readonly informer: Informer<StoredObject>;
  error: string | undefined;
}

/** Makes the source; nothing is asked before `load`. */
export function createSelectorSource(
  options: SelectorSourceOptions,
  { client, clock, log }: SelectorSourceDeps,
): Source {
  const isNews = createSeldom(clock);
  const places = options.namespaces ?? [undefined];
  const collections: Collection[] = options.kinds.flatMap((kind) =>
    places.map((namespace) => ({
      kind,
      place: `${kind}s ${namespace === undefined ? "of all namespaces" : `of ${namespace}`}`,
      error: undefined,
      informer: client.informer<StoredObject>({
        resource: {
          ...{ group: "", version: "v1", resource: `${kind}s` },
          ...(namespace === undefined ? {} : { namespace }),
        },
        labelSelector: options.selector,
        resyncMs: options.resyncMs,
      }),
    }))
  );

  async function load(signal: AbortSignal): Promise<void> {
    const removals = collections.map((collection) =>
      collection.informer.addHandler((event) => {
        if (event.type !== "error") return;
        collection.error = reasonOf(event.error);
        log.warn("objects cannot be read yet", { objects: collection.place, err: event.error });
      })
    );
    for (const { informer } of collections) informer.start();
    try {
      const all = Promise.all(collections.map(({ informer }) => informer.synced));
      const outcome = options.startupTimeoutMs === 0
        ? await all.then(() => "synced")
        : await Promise.race([
          all.then(() => "synced"),
          sleep(options.startupTimeoutMs, { clock, signal }).then(() => "timeout"),
        ]);
      if (outcome === "synced") return;
      const slow = collections.find(({ informer }) => !informer.hasSynced);
      throw new StartFailure(
        `Cannot read ${slow?.place} within ${options.startupTimeoutMs} ms: ${
          slow?.error ?? "no answer"
        }`,
        ["--print-rbac prints the rights that are needed"],
      );
    } finally {
      for (const remove of removals) remove();
    }
  }

  async function follow({ onChange, onFailure }: SourceEvents, signal: AbortSignal): Promise<void> {
    const removals = collections.map((collection) => {
      // What is stored already comes as `added` first; the cycle sees that nothing changed.
      return collection.informer.addHandler((event) => {
        if (event.type === "error") {
          collection.error = reasonOf(event.error);
          onFailure();
          if (isNews(collection.place)) {
            log.warn("API server cannot be followed, files stay as they are", {
              objects: collection.place,
              err: event.error,
            });
          }
          return;
        }
        collection.error = undefined;
        if (event.type !== "synced") onChange("grouped");
      });
    });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    for (const remove of removals) remove();
    await Promise.all(collections.map(({ informer }) => informer.stop()));
  }

  /** Sorted by namespace, kind and name, so that the later one wins for everybody alike. */
  function objects() {
    return collections.flatMap(({ kind, informer }) =>
      informer.list().map((stored) => toConfigObject(stored, kind))
    ).sort((a, b) => compare(keyOf(a), keyOf(b)));
  }

  return {
    load,
    follow,
    parts: () =>
      objects().map(({ kind, namespace, name, entries }) => ({
        source: `${kind} ${namespace}/${name}`,
        folder: "",
        entries: !options.uniqueNames ? entries : new Map(
          [...entries].map(([key, bytes]) => [
            `namespace_${namespace}.${kind}_${name}.${key}`,
            bytes,
          ]),
        ),
      })),
    status: () =>
      collections.map(({ kind, place, informer, error }): SourceStatus => ({
        kind,
        namespace: place,
        name: options.selector,
        mode: "watch",
        uid: "",
        resourceVersion: informer.lastSyncResourceVersion,
        present: informer.hasSynced,
        lastContact: informer.lastContact,
        error,
      })),
    refresh: () => Promise.resolve(),
  };
}

function keyOf(
  { namespace, kind, name }: {
    readonly namespace: string;
    readonly kind: string;
    readonly name: string;
  },
): string {
  return [namespace, kind, name].join("\0");
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function reasonOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
