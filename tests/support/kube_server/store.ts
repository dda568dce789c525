/**
 * The fake API server's storage: objects by resource, one revision counter, and a bounded history of
 * changes from which watches resume and old pages are rebuilt. Stored objects are never changed in place.
 */

import { type JsonObject, metadataOf, textAt } from "#tests/support/kube_server/json.ts";
import type { ResourceType } from "#tests/support/kube_server/resources.ts";

/** One change of one object. */
export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  /** `group/resource`. */
  readonly key: string;
  /** State after the change; for a deletion the last state with the revision of the deletion. */
  readonly object: JsonObject;
  /** State before the change. */
  readonly previous?: JsonObject;
}

/** Where an object is. */
export interface ObjectRef {
  readonly resource: ResourceType;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

/** All versions of a resource share their objects. */
export function storageKey({ group, resource }: ResourceType): string {
  return `${group}/${resource}`;
}

/** Objects, revisions and history of one server. */
export class Store {
  #revision: number;
  /** Changes up to and including this revision are forgotten. */
  #compactedRevision: number;
  #history: Change[] = [];
  readonly #historyLimit: number;
  readonly #tables = new Map<string, Map<string, JsonObject>>();
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(
    { firstRevision, historyLimit }: {
      readonly firstRevision: number;
      readonly historyLimit: number;
    },
  ) {
    this.#revision = firstRevision;
    this.#compactedRevision = firstRevision - 1;
    this.#historyLimit = historyLimit;
  }

  /** The newest revision. */
  get revision(): number {
    return this.#revision;
  }

  /** The newest revision whose changes are forgotten. */
  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  /** Sets the counter, also backwards as after a restore from a backup; history is forgotten. */
  setRevision(revision: number): void {
    this.#revision = revision;
    this.#history = [];
    this.#compactedRevision = revision;
  }

  /** Forgets all changes up to `revision`. */
  compact(revision: number): void {
    this.#compactedRevision = Math.max(this.#compactedRevision, Math.min(revision, this.#revision));
    this.#history = this.#history.filter((change) => change.revision > this.#compactedRevision);
  }

  get({ resource, namespace, name }: ObjectRef): JsonObject | undefined {
    return this.#tables.get(storageKey(resource))?.get(`${namespace}/${name}`);
  }

  /** Objects of a resource in the order of their keys. */
  all(resource: ResourceType): JsonObject[] {
    return inKeyOrder(this.#tables.get(storageKey(resource)) ?? new Map());
  }

  /** Every stored object with its storage key. */
  *everything(): Generator<{ readonly key: string; readonly object: JsonObject }> {
    for (const [key, table] of this.#tables) {
      for (const object of [...table.values()]) yield { key, object };
    }
  }

  /** Stores `object` as it is, with a new revision; returns what was stored. */
  put(ref: ObjectRef, object: JsonObject): JsonObject {
    const previous = this.get(ref);
    const stored = this.#stamped(object);
    const table = this.#table(storageKey(ref.resource));
    table.set(`${ref.namespace}/${ref.name}`, stored);
    this.#record({
      type: previous === undefined ? "ADDED" : "MODIFIED",
      revision: this.#revision,
      key: storageKey(ref.resource),
      object: stored,
      ...(previous === undefined ? {} : { previous }),
    });
    return stored;
  }

  /** Removes an object; returns its last state with the revision of the removal. */
  remove(ref: ObjectRef): JsonObject | undefined {
    const previous = this.get(ref);
    if (previous === undefined) return undefined;
    this.#table(storageKey(ref.resource)).delete(`${ref.namespace}/${ref.name}`);
    const object = this.#stamped(previous);
    this.#record({
      type: "DELETED",
      revision: this.#revision,
      key: storageKey(ref.resource),
      object,
      previous,
    });
    return object;
  }

  /** The resource as it was at `revision`; `undefined` when that is forgotten. */
  snapshot(resource: ResourceType, revision: number): JsonObject[] | undefined {
    if (revision < this.#compactedRevision) return undefined;
    const key = storageKey(resource);
    const table = new Map(this.#tables.get(key) ?? []);
    for (const change of this.#history.toReversed()) {
      if (change.revision <= revision) break;
      if (change.key !== key) continue;
      if (change.previous === undefined) table.delete(keyOf(change.object));
      else table.set(keyOf(change.previous), change.previous);
    }
    return inKeyOrder(table);
  }

  /** Changes of a resource after `revision`; `undefined` when some of them are forgotten. */
  changesSince(resource: ResourceType, revision: number): readonly Change[] | undefined {
    if (revision < this.#compactedRevision) return undefined;
    const key = storageKey(resource);
    return this.#history.filter((change) => change.revision > revision && change.key === key);
  }

  /** Calls `listener` for each change from now on; returns what ends it. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #table(key: string): Map<string, JsonObject> {
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const table = new Map<string, JsonObject>();
    this.#tables.set(key, table);
    return table;
  }

  #stamped(object: JsonObject): JsonObject {
    this.#revision += 1;
    const metadata = { ...metadataOf(object), resourceVersion: String(this.#revision) };
    return { ...object, metadata };
  }

  #record(change: Change): void {
    this.#history.push(change);
    if (this.#history.length > this.#historyLimit) {
      this.#compactedRevision = this.#history.shift()?.revision ?? this.#compactedRevision;
    }
    for (const listener of this.#listeners) listener(change);
  }
}

/** `namespace/name` of an object. */
export function keyOf(object: JsonObject): string {
  return `${textAt(object, "metadata", "namespace")}/${textAt(object, "metadata", "name")}`;
}

function inKeyOrder(table: ReadonlyMap<string, JsonObject>): JsonObject[] {
  const entries = [...table].sort(([a], [b]) => a < b ? -1 : 1);
  return entries.map(([, object]) => object);
}
