/** A map that knows how heavy it is and which entry was used longest ago. Eviction is the owner's decision. */

interface Slot<V> {
  readonly value: V;
  readonly bytes: number;
}

/** Entries by key with their weight in bytes, least recently used first. */
export class ByteLru<V> {
  readonly #slots = new Map<string, Slot<V>>();
  #bytes = 0;

  /** Entries held. */
  get size(): number {
    return this.#slots.size;
  }

  /** Sum of the weights. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The value, which becomes the most recently used one. */
  get(key: string): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    return slot.value;
  }

  /** The value, without touching the order. */
  peek(key: string): V | undefined {
    return this.#slots.get(key)?.value;
  }

  /** Puts or replaces an entry; it becomes the most recently used one. */
  set(key: string, value: V, bytes: number): void {
    this.delete(key);
    this.#slots.set(key, { value, bytes });
    this.#bytes += bytes;
  }

  /** Changes the weight of an entry that is held. */
  reweigh(key: string, bytes: number): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#bytes += bytes - slot.bytes;
    this.#slots.set(key, { value: slot.value, bytes });
  }

  /** Removes an entry and says whether there was one. */
  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#bytes -= slot.bytes;
    return this.#slots.delete(key);
  }

  /** Removes the least recently used entry; `undefined` when there is none. */
  deleteOldest(): string | undefined {
    const oldest = this.#slots.keys().next();
    if (oldest.done === true) return undefined;
    this.delete(oldest.value);
    return oldest.value;
  }

  /** Keys, least recently used first. */
  keys(): Iterable<string> {
    return this.#slots.keys();
  }
}
