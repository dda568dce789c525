/** A map that knows how heavy it is and which entry was used longest ago. Eviction is the owner's decision. */

/** An entry in the ring of use: `next` was used after it, `previous` before. */
interface Slot<V> {
  readonly key: string;
  readonly value: V;
  bytes: number;
  previous: Slot<V>;
  next: Slot<V>;
}

/** Entries by key with their weight in bytes, least recently used first. Every operation is constant in time. */
export class ByteLru<V> {
  readonly #slots = new Map<string, Slot<V>>();
  #oldest: Slot<V> | undefined;
  #bytes = 0;

  /** Entries held. */
  get size(): number {
    return this.#slots.size;
  }

  /** Sum of the weights. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is an entry, without touching the order. */
  has(key: string): boolean {
    return this.#slots.has(key);
  }

  /** The value, which becomes the most recently used one. */
  get(key: string): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if (slot.next !== this.#oldest) {
      this.#unlink(slot);
      this.#linkNewest(slot);
    }
    return slot.value;
  }

  /** The value, without touching the order. */
  peek(key: string): V | undefined {
    return this.#slots.get(key)?.value;
  }

  /** Puts or replaces an entry; it becomes the most recently used one. */
  set(key: string, value: V, bytes: number): void {
    this.delete(key);
    // The links are set at once; a slot is its own ring until then.
    const slot = { key, value, bytes } as Slot<V>;
    this.#slots.set(key, slot);
    this.#bytes += bytes;
    this.#linkNewest(slot);
  }

  /** Changes the weight of an entry that is held. */
  reweigh(key: string, bytes: number): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#bytes += bytes - slot.bytes;
    slot.bytes = bytes;
  }

  /** Removes an entry and says whether there was one. */
  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#bytes -= slot.bytes;
    this.#unlink(slot);
    return this.#slots.delete(key);
  }

  /** Removes the least recently used entry; `undefined` when there is none. */
  deleteOldest(): string | undefined {
    const oldest = this.#oldest;
    if (oldest === undefined) return undefined;
    this.delete(oldest.key);
    return oldest.key;
  }

  /** Keys, least recently used first. */
  *keys(): Iterable<string> {
    let slot = this.#oldest;
    for (let left = this.#slots.size; slot !== undefined && left > 0; left--) {
      yield slot.key;
      slot = slot.next;
    }
  }

  #linkNewest(slot: Slot<V>): void {
    const oldest = this.#oldest;
    if (oldest === undefined) {
      this.#oldest = slot;
      slot.previous = slot;
      slot.next = slot;
      return;
    }
    slot.next = oldest;
    slot.previous = oldest.previous;
    oldest.previous.next = slot;
    oldest.previous = slot;
  }

  #unlink(slot: Slot<V>): void {
    if (slot.next === slot) {
      this.#oldest = undefined;
      return;
    }
    slot.previous.next = slot.next;
    slot.next.previous = slot.previous;
    if (this.#oldest === slot) this.#oldest = slot.next;
  }
}
