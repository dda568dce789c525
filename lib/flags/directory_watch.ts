/** Keeps one directory watched, whatever becomes of it: replaced, removed and made anew, link turned elsewhere. */

import type { DirectoryAccess } from "./directory_access.ts";

/** What a watch reports. */
export interface DirectoryWatchOptions {
  readonly access: DirectoryAccess;
  /** Whether the process may end while it is watched; false by default. */
  readonly unref?: boolean;
  /** Name of the entry that changed; `undefined` for the directory itself. */
  readonly onName: (name: string | undefined) => void;
  /** There is no watch now; `ensure` makes a new one. */
  readonly onLost: (err: unknown) => void;
}

interface Current {
  /** Identity of the directory, which its path does not tell. */
  readonly id: string;
  readonly controller: AbortController;
  readonly closed: Promise<void>;
}

/** At most one watch at a time on what a path leads to. */
export class DirectoryWatch {
  readonly #path: string;
  readonly #options: DirectoryWatchOptions;
  #current: Current | undefined;
  #queue: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(path: string, options: DirectoryWatchOptions) {
    this.#path = path;
    this.#options = options;
  }

  /** Watches what the path leads to now; does nothing when that is watched already, or is not there. */
  ensure(): Promise<void> {
    return this.#queue = this.#queue.then(() => this.#ensure());
  }

  /** Ends the watch; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#current?.controller.abort();
    await this.#queue;
    await this.#current?.closed;
  }

  async #ensure(): Promise<void> {
    if (this.#isClosed) return;
    const { access, onLost } = this.#options;
    try {
      const id = (await access.stat(this.#path))?.id;
      if (id !== undefined && this.#current?.id === id) return;
      // Runtimes end watches by path: the old one must be gone, or its end would take the new one along.
      this.#current?.controller.abort();
      await this.#current?.closed;
      this.#current = undefined;
      if (id !== undefined && !this.#isClosed) await this.#begin(id);
    } catch (err) {
      if (!this.#isClosed) onLost(err);
    }
  }

  async #begin(id: string): Promise<void> {
    const { access, onLost, unref = false } = this.#options;
    const controller = new AbortController();
    const real = await access.realPath(this.#path);
    const { closed } = await access.watch(this.#path, {
      ...{ signal: controller.signal, unref },
      onPaths: (paths) => {
        if (!controller.signal.aborted) this.#report(paths, real);
      },
      onEnd: (err) => {
        this.#current = undefined;
        onLost(err);
      },
    });
    this.#current = { id, controller, closed };
    if (this.#isClosed) controller.abort();
  }

  #report(paths: readonly string[], real: string | undefined): void {
    const { onName } = this.#options;
    for (const changed of paths) {
      const slash = changed.lastIndexOf("/");
      const folder = changed.slice(0, Math.max(slash, 1));
      if (changed === this.#path || changed === real) onName(undefined);
      // Runtimes also report the other end of a rename, and what a second watch below sees.
      else if (folder === this.#path || folder === real) onName(changed.slice(slash + 1));
    }
  }
}
