/** Timers that are all gone when the server has stopped. */

/** A set of pending timers. */
export class Timers {
  readonly #pending = new Set<ReturnType<typeof setTimeout>>();

  /** Calls `action` once after `delayMs`; returns what cancels it. */
  after(delayMs: number, action: () => void): () => void {
    const handle = setTimeout(() => {
      this.#pending.delete(handle);
      action();
    }, delayMs);
    this.#pending.add(handle);
    return () => {
      this.#pending.delete(handle);
      clearTimeout(handle);
    };
  }

  /** Resolves after `delayMs`; never, when the server stops before. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Cancels all. */
  clear(): void {
    for (const handle of this.#pending) clearTimeout(handle);
    this.#pending.clear();
  }
}
