/** Objects by namespace and name. Two steps cost less than a text of both, made and hashed for each event. */

import type { KubeObject } from "../types.ts";

/** Which object. */
type Name = Pick<KubeObject, "metadata">;

/** A map; objects without a namespace are in the one without a name. */
export class ObjectMap<T extends KubeObject> {
  readonly #namespaces = new Map<string, Map<string, T>>();
  #size = 0;

  /** How many. */
  get size(): number {
    return this.#size;
  }

  /** The object of that namespace and name. */
  get(namespace: string, name: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  /** The one that has the same namespace and name. */
  like({ metadata: { namespace = "", name = "" } }: Name): T | undefined {
    return this.get(namespace, name);
  }

  /** Puts an object in the place of the one like it. */
  set(object: T): void {
    const { namespace = "", name = "" } = object.metadata;
    let names = this.#namespaces.get(namespace);
    if (names === undefined) this.#namespaces.set(namespace, names = new Map());
    const before = names.size;
    names.set(name, object);
    this.#size += names.size - before;
  }

  /** Removes the one like it. */
  delete({ metadata: { namespace = "", name = "" } }: Name): void {
    const names = this.#namespaces.get(namespace);
    if (names?.delete(name) !== true) return;
    this.#size -= 1;
    if (names.size === 0) this.#namespaces.delete(namespace);
  }

  /** Namespace by namespace, each in the order of first appearance. */
  *values(): Generator<T, void, void> {
    for (const names of this.#namespaces.values()) yield* names.values();
  }
}
