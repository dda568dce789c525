/** The served objects of some namespaces, followed by watch: requests never wait for the API server. */

import type { Informer, KubeClient } from "#lib/kube/mod.ts";
import type { Logger } from "#lib/log/logger.ts";
import {
  type ConfigKind,
  type ConfigObject,
  KINDS,
  type StoredObject,
  toConfigObject,
} from "#lib/kube/config_object.ts";
import type { ConfigObjects } from "./served_objects.ts";

/** Which objects. */
export interface FollowedOptions {
  readonly namespaces: readonly string[];
  readonly kinds: readonly ConfigKind[];
  /** Label selector; empty for all. */
  readonly selector: string;
  /** Only objects annotated `kcfg.dev/serve: "true"`. */
  readonly annotationOptIn: boolean;
}

/** Objects that are followed. */
export interface FollowedObjects extends ConfigObjects {
  /** What keeps the copy from being complete, for readiness; `undefined` when nothing does. */
  trouble(): { readonly isInitial: boolean; readonly detail: string } | undefined;
  /** Follows until `signal` is aborted; resolves when it has begun. */
  watch(
    onChange: (name: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly finished: Promise<void> }>;
}

const OPT_IN = "kcfg.dev/serve";

/** Makes the followed objects; nothing is asked before `watch`. */
export function createFollowedObjects(
  { namespaces, kinds, selector, annotationOptIn }: FollowedOptions,
  { client, log }: { readonly client: KubeClient; readonly log: Logger },
): FollowedObjects {
  const informers = new Map<string, Informer<StoredObject>>();
  const errors = new Map<string, string>();
  // An object is read anew only when it changed.
  const read = new WeakMap<StoredObject, ConfigObject>();
  for (const kind of kinds) {
    for (const namespace of namespaces) {
      informers.set(
        placeOf(kind, namespace),
        client.informer<StoredObject>({
          resource: { group: "", version: "v1", resource: `${kind}s`, namespace },
          ...(selector === "" ? {} : { labelSelector: selector }),
        }),
      );
    }
  }

  function isServed(stored: StoredObject): boolean {
    return !annotationOptIn || stored.metadata.annotations?.[OPT_IN] === "true";
  }

  return {
    namespaces,
    kinds: KINDS.filter((kind) => kinds.includes(kind)),
    get(kind, namespace, name) {
      const stored = informers.get(placeOf(kind, namespace))?.get(namespace, name);
      if (stored === undefined || !isServed(stored)) return undefined;
      const known = read.get(stored) ?? toConfigObject(stored, kind);
      read.set(stored, known);
      return known;
    },
    trouble() {
      for (const [place, informer] of informers) {
        if (informer.hasSynced) continue;
        return { isInitial: true, detail: errors.get(place) ?? `${place} not read yet` };
      }
      const [error] = errors.values();
      return error === undefined ? undefined : { isInitial: false, detail: error };
    },
    watch(onChange, signal) {
      for (const [place, informer] of informers) {
        informer.addHandler((event) => {
          if (event.type === "error") {
            const detail = `${place} cannot be read: ${reasonOf(event.error)}`;
            errors.set(place, detail);
            log.warn("objects cannot be read, the last ones are served", {
              place,
              err: event.error,
            });
            return;
          }
          errors.delete(place);
          if (event.type !== "synced") onChange(event.object.metadata.name ?? "");
        });
        informer.start();
      }
      const stopped = new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      const stopAll = async () => {
        await stopped;
        await Promise.all([...informers.values()].map((informer) => informer.stop()));
        await client.close();
      };
      return Promise.resolve({ finished: stopAll() });
    },
  };
}

function placeOf(kind: ConfigKind, namespace: string): string {
  return `${kind}s of ${namespace}`;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
