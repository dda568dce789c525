/**
 * ConfigMaps and Secrets read through the API as a source of values: no volume, no kubelet delay. Fed by informers,
 * of which only the few members below are used, so that any client will do.
 */

import { decodeBase64 } from "#lib/format/base64.ts";
import type {
  FlagSource,
  SourceItem,
  SourceSnapshot,
  SourceWatch,
  SourceWatcher,
} from "./source.ts";

/** The part of a ConfigMap or Secret that holds values. */
export interface ConfigObject {
  /** Texts of a ConfigMap, base64 of a Secret. */
  readonly data?: Readonly<Record<string, string>> | undefined;
  /** Base64; ConfigMaps only. */
  readonly binaryData?: Readonly<Record<string, string>> | undefined;
}

/** What an informer reports. */
export type ConfigObjectEvent =
  /** The object as it is now; the last known state of one that was deleted. */
  | { readonly type: "added" | "updated" | "deleted"; readonly object: ConfigObject }
  /** The object is known, or known not to be there. */
  | { readonly type: "synced" }
  /** The server cannot be read now; the informer goes on trying. */
  | { readonly type: "error"; readonly error: unknown };

/** An informer on a single object; informers of `lib/kube` fit. */
export interface ConfigObjectInformer {
  /** Starts listing. */
  start(): void;
  /** Resolves when no handler will be called any more. */
  stop(): Promise<void>;
  /** Adds a handler, which first gets what is known, then `synced`; returns its removal. */
  addHandler(handler: (event: ConfigObjectEvent) => void): () => void;
}

/** One object to read. */
export interface ConfigObjectRef {
  /** Decides how `data` is read. */
  readonly kind: "ConfigMap" | "Secret";
  /** For people: `configmap team/app`. */
  readonly description: string;
  /** Makes an informer on this object alone (`fieldSelector=metadata.name=…`); called again after a stop. */
  readonly open: () => ConfigObjectInformer;
}

/** Values of `objects`, later ones over earlier ones. An object that is deleted keeps its values in force. */
export function configObjectSource(objects: readonly ConfigObjectRef[]): FlagSource {
  return new ConfigObjectSource(objects);
}

interface Held {
  readonly ref: ConfigObjectRef;
  readonly informer: ConfigObjectInformer;
  /** Values by name; `undefined` until the object has been seen. */
  items: ReadonlyMap<string, SourceItem> | undefined;
  isSynced: boolean;
  removeHandler: () => void;
}

class ConfigObjectSource implements FlagSource {
  readonly description: string;
  readonly #refs: readonly ConfigObjectRef[];
  #held: Held[] = [];
  #watcher: SourceWatcher | undefined;
  /** Whether something is known that nobody was told of. */
  #isStale = false;
  /** Called when all objects are known. */
  #onSynced: () => void = () => undefined;

  constructor(refs: readonly ConfigObjectRef[]) {
    this.#refs = refs;
    this.description = refs.map(({ description }) => description).join(", ");
  }

  async read(signal: AbortSignal): Promise<SourceSnapshot> {
    signal.throwIfAborted();
    this.#open();
    try {
      await this.#synced(signal);
      const missing = this.#held.filter(({ items }) => items === undefined)
        .map(({ ref }) => ref.description);
      if (missing.length > 0) {
        throw new Error(`Cannot read flags from ${missing.join(", ")}: no such object`);
      }
      this.#isStale = false;
      return this.#snapshot();
    } catch (err) {
      await this.#close();
      throw err;
    }
  }

  async release(): Promise<void> {
    if (this.#watcher === undefined) await this.#close();
  }

  watch(watcher: SourceWatcher): Promise<SourceWatch> {
    if (watcher.signal.aborted) return Promise.resolve({ ended: Promise.resolve() });
    this.#watcher = watcher;
    const ended = new Promise<void>((resolve) => {
      const close = () => {
        this.#watcher = undefined;
        this.#close().then(resolve);
      };
      watcher.signal.addEventListener("abort", close, { once: true });
    });
    // The informers of the first read go on; after a stop they are made anew.
    this.#open();
    this.#tell();
    const refresh = () => {
      this.#isStale = true;
      this.#tell();
    };
    return Promise.resolve({ ended, refresh });
  }

  #open(): void {
    if (this.#held.length > 0) return;
    this.#held = this.#refs.map((ref) => {
      const informer = ref.open();
      return { ref, informer, items: undefined, isSynced: false, removeHandler: () => undefined };
    });
    for (const held of this.#held) {
      held.removeHandler = held.informer.addHandler((event) => this.#onEvent(held, event));
      held.informer.start();
    }
  }

  async #close(): Promise<void> {
    const closing = this.#held;
    this.#held = [];
    this.#isStale = false;
    for (const { removeHandler } of closing) removeHandler();
    await Promise.allSettled(closing.map(({ informer }) => informer.stop()));
  }

  #onEvent(held: Held, event: ConfigObjectEvent): void {
    if (event.type === "error") return this.#watcher?.onError(event.error);
    if (event.type === "deleted") {
      return this.#watcher?.onKept?.(`${held.ref.description} was deleted`);
    }
    if (event.type === "synced") {
      held.isSynced = true;
      if (this.#isSynced()) this.#onSynced();
    } else {
      const items = itemsOf(event.object, held.ref.kind);
      // Changes of metadata alone are no update.
      if (held.items === undefined || !isEqual(items, held.items)) this.#isStale = true;
      held.items = items;
    }
    this.#tell();
  }

  /** Reports what is new, unless a part of it is not known yet. */
  #tell(): void {
    if (!this.#isStale || this.#watcher === undefined || !this.#isSynced()) return;
    this.#isStale = false;
    this.#watcher.onSnapshot(this.#snapshot());
  }

  #isSynced(): boolean {
    return this.#held.every(({ isSynced }) => isSynced);
  }

  #synced(signal: AbortSignal): Promise<void> {
    if (this.#isSynced()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#onSynced = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
    });
  }

  #snapshot(): SourceSnapshot {
    const items = new Map(this.#held.flatMap((held) => [...held.items ?? []]));
    return { items, isComplete: true };
  }
}

function itemsOf(object: ConfigObject, kind: ConfigObjectRef["kind"]): Map<string, SourceItem> {
  const items = new Map<string, SourceItem>();
  for (const [name, text] of Object.entries(object.data ?? {})) {
    items.set(name, kind === "Secret" ? decoded(text) : { raw: text });
  }
  for (const [name, text] of Object.entries(object.binaryData ?? {})) {
    items.set(name, decoded(text));
  }
  return items;
}

function decoded(text: string): SourceItem {
  try {
    return { bytes: decodeBase64(text) };
  } catch (err) {
    return { problem: err instanceof Error ? err.message : String(err) };
  }
}

function isEqual(a: ReadonlyMap<string, SourceItem>, b: ReadonlyMap<string, SourceItem>): boolean {
  const text = (items: ReadonlyMap<string, SourceItem>) =>
    JSON.stringify(
      [...items].map(([name, item]) => [
        name,
        "bytes" in item ? Array.from(item.bytes) : item,
      ]).sort(),
    );
  return a.size === b.size && text(a) === text(b);
}
