/** Gives out informers; equal ones share a core, which lives as long as its last user. */

import type { Clock } from "#lib/run/clock.ts";
import { sleep } from "#lib/run/clock.ts";
import type {
  Informer,
  InformerCounts,
  InformerEvent,
  InformerHandler,
  InformerOptions,
  InformerState,
} from "../contract.ts";
import { formatLabelSelector } from "../selectors.ts";
import type { KubeObject, ObjectRef, ResourceRef } from "../types.ts";
import { resourceLabel } from "../url.ts";
import { WatchBackoff } from "./backoff.ts";
import { InformerCore } from "./informer_core.ts";
import type { ReflectorDeps } from "./reflector.ts";

/** What the registry needs. */
export interface RegistryDeps extends Omit<ReflectorDeps, "serverKnows"> {
  readonly resolve: (ref: ObjectRef) => Promise<ResourceRef>;
  readonly clock: Clock;
}

interface Shared {
  readonly core: InformerCore<KubeObject>;
  users: number;
}

/** All informers of one client. */
export class InformerRegistry {
  readonly #deps: RegistryDeps;
  readonly #serverKnows = { watchList: true };
  readonly #shared = new Map<string, Shared>();

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
  }

  /** A user's view of an informer; the same options give the same store. */
  informer<T extends KubeObject>(options: InformerOptions): Informer<T> {
    const key = keyOfOptions(options);
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      shared = { core: this.#createCore(options), users: 0 };
      this.#shared.set(key, shared);
    }
    shared.users += 1;
    const { core } = shared;
    const release = async () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
      await core.stop();
    };
    return new InformerHandle<T>(core as unknown as InformerCore<T>, release);
  }

  /** Stops all of them, whoever uses them. */
  async close(): Promise<void> {
    const cores = [...this.#shared.values()].map(({ core }) => core);
    this.#shared.clear();
    await Promise.all(cores.map((core) => core.stop()));
  }

  #createCore(options: InformerOptions): InformerCore<KubeObject> {
    const { resource, ...rest } = options;
    const { clock, random } = this.#deps;
    const backoff = new WatchBackoff(clock, random);
    return new InformerCore<KubeObject>(rest, {
      ...this.#deps,
      serverKnows: this.#serverKnows,
      resolve: () => this.#deps.resolve(resource),
      label: "kind" in resource ? resource.kind : resourceLabel(resource),
      backoff(signal) {
        const delayMs = backoff.next();
        return { delayMs, done: sleep(delayMs, { clock, signal }).catch(() => undefined) };
      },
    });
  }
}

class InformerHandle<T extends KubeObject> implements Informer<T> {
  readonly #core: InformerCore<T>;
  readonly #release: () => Promise<void>;
  readonly #removals = new Set<() => void>();
  #stopping: Promise<void> | undefined;

  constructor(core: InformerCore<T>, release: () => Promise<void>) {
    this.#core = core;
    this.#release = release;
  }

  get synced(): Promise<void> {
    return this.#core.synced;
  }

  get hasSynced(): boolean {
    return this.#core.hasSynced;
  }

  get lastSyncResourceVersion(): string {
    return this.#core.resourceVersion;
  }

  get lastContact(): number | undefined {
    return this.#core.lastContact;
  }

  get state(): InformerState {
    return this.#stopping === undefined ? this.#core.state : "stopped";
  }

  get counts(): InformerCounts {
    return this.#core.counts;
  }

  onRecovered(listener: () => void): () => void {
    if (this.#isStopped) throw new TypeError("Cannot add a listener: the informer is stopped");
    const unsubscribe = this.#core.onRecovered(listener);
    const remove = () => {
      unsubscribe();
      this.#removals.delete(remove);
    };
    this.#removals.add(remove);
    return remove;
  }

  start(): void {
    if (!this.#isStopped) this.#core.start();
  }

  stop(): Promise<void> {
    if (this.#stopping === undefined) {
      for (const remove of this.#removals) remove();
      this.#removals.clear();
      this.#stopping = this.#release();
    }
    return this.#stopping;
  }

  get #isStopped(): boolean {
    return this.#stopping !== undefined || this.#core.stopped.aborted;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#core.store.get(namespace, name);
  }

  list(): T[] {
    return this.#core.store.list();
  }

  indexBy(name: string, keys: (object: T) => readonly string[]): (key: string) => T[] {
    return this.#core.store.indexBy(name, keys);
  }

  addHandler(handler: InformerHandler<T>): () => void {
    if (this.#isStopped) throw new TypeError("Cannot add a handler: the informer is stopped");
    const unsubscribe = this.#core.subscribe(handler);
    const remove = () => {
      unsubscribe();
      this.#removals.delete(remove);
    };
    this.#removals.add(remove);
    return remove;
  }

  async *events(): AsyncGenerator<InformerEvent<T>, void, void> {
    if (this.#isStopped) return;
    let next: InformerEvent<T> | undefined;
    let ended = false;
    let taken: () => void = () => {};
    let arrived: () => void = () => {};
    // The handler's promise resolves when the event was taken: so the queue's bounds hold here as well.
    const remove = this.addHandler((event) => {
      next = event;
      arrived();
      return new Promise<void>((resolve) => taken = resolve);
    });
    const end = () => {
      ended = true;
      arrived();
    };
    this.#removals.add(end);
    this.#core.stopped.addEventListener("abort", end);
    try {
      while (!ended) {
        if (next === undefined) {
          await new Promise<void>((resolve) => arrived = resolve);
          continue;
        }
        const event = next;
        next = undefined;
        yield event;
        taken();
      }
    } finally {
      this.#removals.delete(end);
      this.#core.stopped.removeEventListener("abort", end);
      taken();
      remove();
    }
  }
}

function keyOfOptions({ labelSelector, ...rest }: InformerOptions): string {
  const selector = labelSelector === undefined ? undefined : formatLabelSelector(labelSelector);
  return JSON.stringify(Object.entries({ ...rest, labelSelector: selector }).sort());
}
