/**
 * What answers for a key without a load (serve-config.md 14.5, 14.6): its last answer while the backend fails, or
 * a failure that is remembered.
 */

import type { Clock } from "#lib/run/clock.ts";
import type { CacheResult } from "./cache_result.ts";
import type { CacheStores } from "./cache_stores.ts";
import { RememberedFailures } from "./remembered_failures.ts";
import { isFresh, isOutage, mayServeOnError, noteFailure } from "./staleness.ts";
import type { StaleOptions } from "./staleness.ts";
import type { LoadFailure, UpstreamChange } from "../upstream/upstream.ts";

/** Answers by key. */
export class OutageAnswers {
  readonly #options: StaleOptions;
  readonly #stores: CacheStores;
  readonly #clock: Clock;
  readonly #failures: RememberedFailures;

  /** @param options `errorTtlMs`: how long a failure is remembered; 0 for not at all */
  constructor(
    options: StaleOptions & { readonly errorTtlMs: number },
    { stores, clock }: { readonly stores: CacheStores; readonly clock: Clock },
  ) {
    this.#options = options;
    this.#stores = stores;
    this.#clock = clock;
    this.#failures = new RememberedFailures(options.errorTtlMs);
  }

  /** The failure that is remembered, or the last answer while it is too early to ask a failing backend again. */
  get(key: string): CacheResult | undefined {
    const nowMs = this.#clock.now();
    const failure = this.#failures.get(key, nowMs);
    if (failure !== undefined) return failure;
    const entry = this.#stores.peek(key);
    if (entry?.retryAtMs === undefined || nowMs >= entry.retryAtMs) return undefined;
    return mayServeOnError(entry, this.#options, nowMs) ? { kind: "stale", entry } : undefined;
  }

  /** The last answer when a load failed, unless the failure is an answer itself. */
  after(key: string, failure: LoadFailure): CacheResult {
    const entry = this.#stores.peek(key);
    if (entry === undefined) return failure;
    const nowMs = this.#clock.now();
    if (!isOutage(failure) || !mayServeOnError(entry, this.#options, nowMs)) {
      if (!isFresh(entry, nowMs)) this.#stores.delete(key);
      return failure;
    }
    noteFailure(entry, nowMs);
    return { kind: "stale", entry };
  }

  /** Remembers a failure, if that is wanted and it is one to be remembered. */
  remember(key: string, failure: LoadFailure): void {
    this.#failures.add(key, failure, this.#clock.now());
  }

  /** Forgets the failures that a change may concern. */
  forget(change: UpstreamChange): void {
    this.#failures.forget(change);
  }
}
