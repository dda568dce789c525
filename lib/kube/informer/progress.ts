/** How far an informer has come: applies what was read and keeps the version to resume from. */

import type { Logger } from "#lib/log/logger.ts";
import type { KubeMetrics } from "../metrics.ts";
import type { KubeObject } from "../types.ts";
import type { ObjectEvent, ReflectorSink } from "./reflector_sink.ts";

/** What it needs. */
export interface ProgressDeps<T extends KubeObject> {
  readonly sink: ReflectorSink<T>;
  readonly logger: Logger;
  readonly metrics: KubeMetrics;
  /** Called for each event that is about to be applied. */
  readonly onAccepted: () => void;
}

/** What an object says of itself; the API may leave it out of the items of a list. */
interface TypeMeta {
  readonly kind: unknown;
  readonly apiVersion: unknown;
}

/** Progress of one loop. */
export class Progress<T extends KubeObject> {
  readonly #label: string;
  readonly #deps: ProgressDeps<T>;
  #version = "";
  #type: TypeMeta | undefined;
  // After a watch without a version, ADDED events are in no order; see `kube-client.md` 10.3 rule 3.
  #isOrdered = true;

  constructor(label: string, deps: ProgressDeps<T>) {
    this.#label = label;
    this.#deps = deps;
  }

  /** The version to resume from; empty while there is none. */
  get version(): string {
    return this.#version;
  }

  /** Nothing is known any more that could be resumed. */
  forgetVersion(): void {
    this.#version = "";
  }

  /** What kind of objects a list has; the first one counts. */
  noteType(type: TypeMeta): void {
    this.#type ??= type;
  }

  /** Takes over a complete state. Resolves to the number of differences when handlers have room again. */
  replace(
    objects: readonly T[],
    { version, bytes }: { readonly version: string; readonly bytes: number },
  ): Promise<number> {
    this.#isOrdered = version !== "";
    this.#advance(version);
    return this.#deps.sink.replace(objects, version, bytes);
  }

  /** Applies one event; the promise, when there is one, resolves when handlers have room again. */
  apply(event: ObjectEvent<T>, size: number): Promise<void> | undefined {
    const { metrics, sink, onAccepted } = this.#deps;
    const { object, type } = event;
    metrics.watchEvent(this.#label, type);
    if (!this.#isOurs(object)) return undefined;
    onAccepted();
    if (type !== "ADDED") this.#isOrdered = true;
    const version = object.metadata.resourceVersion ?? "";
    const room = type === "BOOKMARK" ? undefined : sink.apply(event, size);
    if (this.#isOrdered && version !== "") this.#advance(version);
    return room;
  }

  #isOurs({ kind, apiVersion, metadata }: T): boolean {
    this.#type ??= { kind, apiVersion };
    const isOther = kind !== undefined &&
      (kind !== this.#type.kind || apiVersion !== this.#type.apiVersion);
    if (!isOther && typeof metadata === "object") return true;
    this.#deps.logger.warn("ignoring an object of another kind", { resource: this.#label, kind });
    return false;
  }

  #advance(version: string): void {
    this.#version = version;
    this.#deps.sink.advance(version);
  }
}
