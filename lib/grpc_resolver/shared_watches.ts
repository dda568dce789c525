/** One engine a target, however many channels ask for it; the last one to leave closes it. */

import type { ResolverMetrics } from "./metrics.ts";
import { Engine, type EngineDeps, type EngineListener, type EngineOptions } from "./resolver.ts";
import type { Snapshot } from "./resolver.ts";
import type { Target } from "./target.ts";

interface Shared {
  readonly engine: Engine;
  readonly listeners: Set<EngineListener>;
  snapshot: Snapshot | undefined;
  error: unknown;
}

const MAX_WARNINGS = 20;

/** A channel's part in an engine. */
export interface WatchShare {
  readonly engine: Engine;
  /** What is known already. */
  readonly snapshot: Snapshot | undefined;
  readonly error: unknown;
  /** Leaves; the listener hears nothing more. */
  release(): void;
}

/** All engines of one registration. */
export class SharedWatches {
  readonly #options: EngineOptions;
  readonly #deps: () => EngineDeps;
  readonly #metrics: ResolverMetrics | undefined;
  readonly #shared = new Map<string, Shared>();

  /** `deps` is asked when the first channel resolves. */
  constructor(
    options: EngineOptions,
    { deps, metrics }: {
      readonly deps: () => EngineDeps;
      readonly metrics?: ResolverMetrics | undefined;
    },
  ) {
    this.#options = options;
    this.#deps = deps;
    this.#metrics = metrics;
  }

  /** Engines at work. */
  get size(): number {
    return this.#shared.size;
  }

  /** Joins the engine of a target. @throws when there is no client */
  acquire(target: Target, listener: EngineListener): WatchShare {
    const key = target.canonical;
    const shared = this.#shared.get(key) ?? this.#start(target);
    shared.listeners.add(listener);
    return {
      engine: shared.engine,
      snapshot: shared.snapshot,
      error: shared.error,
      release: () => {
        if (!shared.listeners.delete(listener) || shared.listeners.size > 0) return;
        this.#shared.delete(key);
        this.#metrics?.remove(key);
        // Nobody listens any more; what is left to close closes by itself.
        shared.engine.stop().catch((err) =>
          this.#deps().logger?.warn("watch not closed", { target: key, err })
        );
      },
    };
  }

  /** Each warning of a target once, and no more of them than somebody would read. */
  #warnOnce({ canonical, warnings }: Target): (texts: readonly string[]) => void {
    const said = new Set<string>();
    return (texts) => {
      for (const warning of [...warnings, ...texts]) {
        if (said.has(warning) || said.size >= MAX_WARNINGS) continue;
        said.add(warning);
        this.#deps().logger?.warn("something about a target", { target: canonical, warning });
      }
    };
  }

  #start(target: Target): Shared {
    const listeners = new Set<EngineListener>();
    const metrics = this.#metrics?.target(target.canonical);
    const warn = this.#warnOnce(target);
    const engine: Engine = new Engine(target, this.#options, {
      deps: this.#deps(),
      listener: {
        list: (snapshot) => {
          warn(snapshot.list.warnings);
          shared.snapshot = snapshot;
          shared.error = undefined;
          metrics?.published(snapshot);
          for (const listener of [...listeners]) listener.list(snapshot);
        },
        failure: (error, retryInMs) => {
          shared.error = error;
          for (const listener of [...listeners]) listener.failure(error, retryInMs);
        },
        recovered: () => {
          shared.error = undefined;
          for (const listener of [...listeners]) listener.recovered();
        },
      },
    });
    const shared: Shared = { engine, listeners, snapshot: undefined, error: undefined };
    metrics?.follow(engine);
    this.#shared.set(target.canonical, shared);
    engine.start();
    return shared;
  }
}
