/** What all users of one informer share: store, loop, state and the queues to their handlers. */

import type {
  InformerCounts,
  InformerEvent,
  InformerHandler,
  InformerOptions,
  InformerState,
  WatchEvent,
} from "../contract.ts";
import type { KubeObject, ResourceRef } from "../types.ts";
import { resourceLabel } from "../url.ts";
import { Reflector, type ReflectorDeps } from "./reflector.ts";
import type { ReflectorSink } from "./reflector_sink.ts";
import { Store, type StoreChange } from "./store.ts";
import { Subscription } from "./subscription.ts";

/** What a core needs. */
export interface CoreDeps extends ReflectorDeps {
  /** Turns the reference into a resource; may ask the server. */
  readonly resolve: () => Promise<ResourceRef>;
  /** `group/resource`, or the kind, for logs until the resource is known. */
  readonly label: string;
  /** Waits before the reference is resolved again; ends early, without an error, by the signal. */
  readonly backoff: (
    signal: AbortSignal,
  ) => { readonly delayMs: number; readonly done: Promise<void> };
}

const MAX_QUEUED_EVENTS = 1024;
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

/** Store and loop of an informer. */
export class InformerCore<T extends KubeObject> implements ReflectorSink<T> {
  readonly store: Store<T>;
  readonly synced: Promise<void>;
  hasSynced = false;
  state: InformerState = "idle";
  resourceVersion = "";
  lastContact: number | undefined;
  readonly #counts = {
    relists: new Map<string, number>(),
    watchRestarts: new Map<string, number>(),
    drift: 0,
  };
  readonly #recoveryListeners = new Set<() => void>();
  readonly #options: Omit<InformerOptions, "resource">;
  readonly #deps: CoreDeps;
  readonly #subscriptions = new Set<Subscription<T>>();
  readonly #stop = new AbortController();
  #label: string;
  #countedObjects: number | undefined;
  #reflector: Reflector<T> | undefined;
  #running: Promise<void> | undefined;
  #failing: "failing" | "denied list" | "denied watch" | undefined;
  #resolveSynced: () => void = () => {};
  #rejectSynced: (error: Error) => void = () => {};

  constructor(options: Omit<InformerOptions, "resource">, deps: CoreDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#label = deps.label;
    this.store = new Store<T>({ freeze: options.freeze });
    this.synced = new Promise((resolve, reject) => {
      this.#resolveSynced = resolve;
      this.#rejectSynced = reject;
    });
    // Nobody has to wait for it; who does gets the rejection all the same.
    this.synced.catch(() => "handled");
  }

  /** Aborted by `stop`. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** What the loop had to do so far. */
  get counts(): InformerCounts {
    return this.#counts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#reflector?.stop();
    for (const subscription of this.#subscriptions) subscription.stop();
    this.#subscriptions.clear();
    this.state = "stopped";
    this.#rejectSynced(
      new Error(`The informer of ${this.#label} was stopped before it synced`),
    );
    await this.#running;
    if (this.#countedObjects !== undefined) this.#countObjects(0);
    this.state = "stopped";
  }

  subscribe(handler: InformerHandler<T>): () => void {
    const { maxQueuedEvents, maxQueuedBytes } = this.#options;
    const subscription = new Subscription<T>({
      handler,
      replay: this.hasSynced ? this.#replay(this.store.list()) : [],
      maxEvents: maxQueuedEvents ?? MAX_QUEUED_EVENTS,
      maxBytes: maxQueuedBytes ?? MAX_QUEUED_BYTES,
      logger: this.#deps.logger,
      concurrency: Math.max(1, this.#options.concurrency ?? 1),
    });
    this.#subscriptions.add(subscription);
    return () => {
      subscription.stop();
      this.#subscriptions.delete(subscription);
    };
  }

  onRecovered(listener: () => void): () => void {
    this.#recoveryListeners.add(listener);
    return () => void this.#recoveryListeners.delete(listener);
  }

  async replace(objects: readonly T[], resourceVersion: string, bytes: number): Promise<number> {
    const changes = this.store.replace(objects, resourceVersion);
    const targets = [...this.#subscriptions];
    this.hasSynced = true;
    this.#resolveSynced();
    this.#countObjects(this.store.size);
    const size = objects.length === 0 ? 0 : Math.ceil(bytes / objects.length);
    for (const change of changes) await this.#publish(targets, { ...change, inRead: true }, size);
    await this.#publish(targets, { type: "synced", resourceVersion }, 0);
    return changes.length;
  }

  apply(
    event: Exclude<WatchEvent<T>, { type: "END" | "ERROR" }>,
    size: number,
  ): Promise<void> | undefined {
    const { object, type } = event;
    const changes: StoreChange<T>[] = type === "DELETED"
      ? this.store.remove(object)
      : this.store.put(object);
    let waits: Promise<void>[] | undefined;
    for (const change of changes) {
      const wait = this.#publish(this.#subscriptions, change, size);
      if (wait !== undefined) (waits ??= []).push(wait);
    }
    this.#countObjects(this.store.size);
    return waits === undefined ? undefined : Promise.all(waits).then(() => undefined);
  }

  setState(state: InformerState): void {
    if (!this.#stop.signal.aborted) this.state = state;
  }

  contact(): void {
    this.lastContact = this.#deps.clock.now();
    this.#deps.metrics.lastContact(this.#label, this.lastContact / 1000);
  }

  advance(resourceVersion: string): void {
    this.resourceVersion = resourceVersion;
  }

  relist(reason: string): void {
    increment(this.#counts.relists, reason);
    this.#deps.metrics.relist(this.#label, reason);
  }

  watchRestart(reason: string): void {
    increment(this.#counts.watchRestarts, reason);
    this.#deps.metrics.watchRestart(this.#label, reason);
  }

  drift(differences: number): void {
    this.#counts.drift += differences;
    this.#deps.metrics.drift(this.#label, differences);
  }

  failing(
    error: unknown,
    { denied, retryInMs, stage }: Parameters<ReflectorSink<T>["failing"]>[1],
  ): void {
    const kind = denied ? `denied ${stage}` as const : "failing";
    if (this.#failing === kind) return;
    this.#failing = kind;
    this.#deps.logger.error("informer failing", { resource: this.#label, err: error });
    const { resourceVersion } = this;
    const event = { type: "error", error, resourceVersion, retryInMs, stage } as const;
    this.#publish([...this.#subscriptions], event, 0);
  }

  working(): void {
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    this.#deps.logger.info("informer recovered", { resource: this.#label });
    for (const listener of [...this.#recoveryListeners]) listener();
  }

  async #run(): Promise<void> {
    let ref: ResourceRef | undefined;
    while (ref === undefined && !this.#stop.signal.aborted) {
      ref = await this.#resolveRef();
    }
    if (ref === undefined || this.#stop.signal.aborted) return;
    this.#label = resourceLabel(ref);
    this.#reflector = new Reflector<T>(ref, this.#options, { deps: this.#deps, sink: this });
    await this.#reflector.run();
  }

  async #resolveRef(): Promise<ResourceRef | undefined> {
    const { resolve, backoff } = this.#deps;
    try {
      return await resolve();
    } catch (error) {
      const waiting = backoff(this.#stop.signal);
      this.failing(error, { denied: false, retryInMs: waiting.delayMs, stage: "list" });
      this.setState("backoff");
      await waiting.done;
      return undefined;
    }
  }

  #countObjects(count: number): void {
    if (count === this.#countedObjects) return;
    this.#deps.metrics.storeObjects(this.#label, count - (this.#countedObjects ?? 0));
    this.#countedObjects = count;
  }

  *#replay(objects: readonly T[]): Generator<InformerEvent<T>, void, void> {
    const { resourceVersion } = this;
    for (const object of objects) yield { type: "added", object, resourceVersion };
    yield { type: "synced", resourceVersion };
  }

  #publish(
    targets: Iterable<Subscription<T>>,
    event: InformerEvent<T>,
    size: number,
  ): Promise<void> | undefined {
    let waits: Promise<void>[] | undefined;
    for (const target of targets) {
      const wait = target.push(event, size);
      if (wait !== undefined) (waits ??= []).push(wait);
    }
    return waits === undefined ? undefined : Promise.all(waits).then(() => undefined);
  }
}

function increment(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
