/** All ConfigMaps and Secrets that a label selector names (reload.md 2.3, 4.1); a change of any is one of a group. */

import { type ConfigKind, type StoredObject, toConfigObject } from "#lib/kube/config_object.ts";
import { type Informer, KubeApiError, type KubeClient } from "#lib/kube/mod.ts";
import type { Logger } from "#lib/log/logger.ts";
import { aborted } from "#lib/run/aborted.ts";
import type { Clock } from "#lib/run/clock.ts";
import { createSeldom } from "../seldom.ts";
import { askedFolder, isNamed, type ObjectName, withUniqueNames } from "./selected_object.ts";
import { type Source, type SourceEvents, type SourceStatus, StartFailure } from "./source.ts";
import { withinStartup } from "./within_startup.ts";
import { reasonOf } from "./stored_object.ts";

/** Which objects, and how their files are named. */
export interface SelectorSourceOptions {
  readonly kinds: readonly ConfigKind[];
  /** `undefined` for all of the cluster. */
  readonly namespaces: readonly string[] | undefined;
  readonly selector: string;
  /** Name files `namespace_NS.KIND_OBJECT.KEY`. */
  readonly uniqueNames: boolean;
  /** Those that count; empty for all. */
  readonly names: readonly ObjectName[];
  /** Annotation with the folder of an object's files; empty for none. */
  readonly folderAnnotation: string;
  /** The directory, which absolute folders must be below. */
  readonly root: string;
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
  isForbidden: boolean;
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
      isForbidden: false,
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
        collection.isForbidden = isForbidden(event.error);
        log.warn("objects cannot be read yet", { objects: collection.place, err: event.error });
      })
    );
    for (const { informer } of collections) informer.start();
    try {
      const all = Promise.all(collections.map(({ informer }) => informer.synced));
      const synced = all.then(() => "synced" as const);
      const outcome = await withinStartup(synced, options.startupTimeoutMs, { clock, signal });
      if (outcome === "synced") {
        for (const collection of collections) {
          collection.error = undefined;
          collection.isForbidden = false;
        }
        return;
      }
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
    await aborted(signal);
    for (const remove of removals) remove();
    await close();
  }

  async function close(): Promise<void> {
    await Promise.all(collections.map(({ informer }) => informer.stop()));
  }

  /** Sorted by namespace, kind and name, so that the later one wins for everybody alike. */
  function objects() {
    return collections.flatMap(({ kind, informer }) =>
      informer.list().map((stored) => ({
        ...toConfigObject(stored, kind),
        asked: stored.metadata?.annotations?.[options.folderAnnotation],
      }))
    ).filter((object) => isNamed(object, options.names))
      .sort((a, b) => compare(keyOf(a), keyOf(b)));
  }

  /** The files of one object. One that asks for a folder it cannot have must not stop the others. */
  function partsOf({ asked, entries, ...object }: ReturnType<typeof objects>[number]) {
    const source = `${object.kind} ${object.namespace}/${object.name}`;
    const place = askedFolder(asked, options.root);
    if ("problem" in place) {
      if (isNews(`${source} ${place.problem}`)) {
        log.warn("object left out, its folder cannot be used", { source, reason: place.problem });
      }
      return [];
    }
    return [{
      source,
      folder: place.folder,
      entries: options.uniqueNames ? withUniqueNames(object, entries) : entries,
    }];
  }

  return {
    load,
    follow,
    parts: () => objects().flatMap(partsOf),
    status: () =>
      collections.map(({ kind, place, informer, error, isForbidden }): SourceStatus => ({
        kind,
        namespace: place,
        name: options.selector,
        mode: "watch",
        uid: "",
        resourceVersion: informer.lastSyncResourceVersion,
        present: informer.hasSynced,
        lastContact: informer.lastContact,
        ...{ error, isForbidden },
      })),
    // Its watches are as new as a list would be.
    refresh: () => Promise.resolve(),
    close,
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

function isForbidden(err: unknown): boolean {
  return err instanceof KubeApiError && err.status === 403;
}
