/** The local copy of a collection: turns watch events and lists into the changes they really make. */

import type { InformerEvent } from "../contract.ts";
import type { KubeObject } from "../types.ts";
import { ObjectMap } from "./object_map.ts";

/** A change to tell handlers about. */
export type StoreChange<T extends KubeObject> = Extract<
  InformerEvent<T>,
  { readonly type: "added" | "updated" | "deleted" }
>;

/** Key of an object: `namespace/name`, with an empty namespace for cluster-scoped objects. */
export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name ?? ""}`;
}

interface Index<T> {
  readonly keys: (object: T) => readonly string[];
  /** By value of the index, then by key. */
  readonly entries: Map<string, Map<string, T>>;
}

/** Objects by key. */
export class Store<T extends KubeObject> {
  readonly #freeze: boolean;
  readonly #objects = new ObjectMap<T>();
  readonly #indexes = new Map<string, Index<T>>();

  constructor({ freeze = false }: { readonly freeze?: boolean | undefined } = {}) {
    this.#freeze = freeze;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** The object of a key. */
  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(namespace ?? "", name);
  }

  /** All objects: namespace by namespace, each in the order of their first appearance. */
  list(): T[] {
    return [...this.#objects.values()];
  }

  /** Adds an index, or finds the one of that name. */
  indexBy(name: string, keys: (object: T) => readonly string[]): (key: string) => T[] {
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = { keys, entries: new Map() };
      this.#indexes.set(name, index);
      for (const object of this.#objects.values()) addToIndex(index, object);
    }
    const { entries } = index;
    return (key) => [...entries.get(key)?.values() ?? []];
  }

  /** Stores what an `ADDED` or `MODIFIED` brought; an unchanged object makes no change. */
  put(object: T): StoreChange<T>[] {
    const previous = this.#objects.like(object);
    const resourceVersion = object.metadata.resourceVersion ?? "";
    if (previous === undefined) {
      this.#set(object, undefined);
      return [{ type: "added", object, resourceVersion }];
    }
    const isOther = previous.metadata.uid !== undefined && object.metadata.uid !== undefined &&
      previous.metadata.uid !== object.metadata.uid;
    if (isOther) {
      this.#set(object, previous);
      return [
        { type: "deleted", object: previous, resourceVersion },
        { type: "added", object, resourceVersion },
      ];
    }
    const isSameVersion = previous.metadata.resourceVersion === resourceVersion;
    if (isSameVersion && isEqualJson(previous, object)) return [];
    this.#set(object, previous);
    return [{ type: "updated", object, previous, resourceVersion }];
  }

  /** Removes what a `DELETED` named; nothing when it is not there. */
  remove(object: T): StoreChange<T>[] {
    const previous = this.#objects.like(object);
    if (previous === undefined) return [];
    this.#drop(previous);
    return [{ type: "deleted", object, resourceVersion: object.metadata.resourceVersion ?? "" }];
  }

  /** Takes over a complete state and returns how it differs from the present one. */
  replace(objects: readonly T[], resourceVersion: string): StoreChange<T>[] {
    const changes: StoreChange<T>[] = [];
    const present = new Set(objects.map(keyOf));
    for (const object of this.list()) {
      if (present.has(keyOf(object))) continue;
      this.#drop(object);
      changes.push({ type: "deleted", object, resourceVersion });
    }
    for (const object of objects) {
      const previous = this.#objects.like(object);
      const { resourceVersion: version } = object.metadata;
      if (previous !== undefined && version !== undefined) {
        const isSame = previous.metadata.resourceVersion === version &&
          previous.metadata.uid === object.metadata.uid;
        if (isSame) continue;
      }
      changes.push(...this.put(object));
    }
    return changes;
  }

  #set(object: T, previous: T | undefined): void {
    if (this.#freeze) deepFreeze(object);
    this.#objects.set(object);
    for (const index of this.#indexes.values()) {
      if (previous !== undefined) removeFromIndex(index, previous);
      addToIndex(index, object);
    }
  }

  #drop(object: T): void {
    this.#objects.delete(object);
    for (const index of this.#indexes.values()) removeFromIndex(index, object);
  }
}

function addToIndex<T extends KubeObject>({ keys, entries }: Index<T>, object: T): void {
  for (const value of keys(object)) {
    const found = entries.get(value);
    if (found === undefined) entries.set(value, new Map([[keyOf(object), object]]));
    else found.set(keyOf(object), object);
  }
}

function removeFromIndex<T extends KubeObject>({ keys, entries }: Index<T>, object: T): void {
  for (const value of keys(object)) {
    const found = entries.get(value);
    found?.delete(keyOf(object));
    if (found?.size === 0) entries.delete(value);
  }
}

// Not by text: the server orders the members of a listed and of a watched object differently.
function isEqualJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const entries = Object.entries(a);
  if (entries.length !== Object.keys(b).length) return false;
  return entries.every(([key, value]) =>
    Object.hasOwn(b, key) && isEqualJson(value, (b as Record<string, unknown>)[key])
  );
}

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
}
