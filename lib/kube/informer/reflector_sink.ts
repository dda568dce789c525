/** Where the loop of an informer puts what it reads, and says how it fares. */

import type { InformerState, WatchEvent } from "../contract.ts";
import type { KubeObject } from "../types.ts";

/** An event that changes objects, or says how far the stream is. */
export type ObjectEvent<T extends KubeObject> = Exclude<
  WatchEvent<T>,
  { readonly type: "END" | "ERROR" }
>;

/** Where objects go. */
export interface ReflectorSink<T extends KubeObject> {
  /** A complete state. Resolves when handlers have room again; returns the number of differences. */
  replace(objects: readonly T[], resourceVersion: string, bytes: number): Promise<number>;
  /** One event; a promise when handlers have no room. */
  apply(event: ObjectEvent<T>, size: number): Promise<void> | undefined;
  setState(state: InformerState): void;
  /** A sign of life from the server. */
  contact(): void;
  /** The informer fails, or still fails; it tries again after `retryInMs`. */
  failing(
    failure: unknown,
    options: {
      readonly denied: boolean;
      readonly retryInMs: number;
      readonly stage: "list" | "watch";
    },
  ): void;
  /** A whole read begins. */
  relist(reason: string): void;
  /** A watch is opened again. */
  watchRestart(reason: string): void;
  /** A resync has found differences. */
  drift(differences: number): void;
  /** The informer works, or works again. */
  working(): void;
  /** The version to resume from. */
  advance(resourceVersion: string): void;
}
