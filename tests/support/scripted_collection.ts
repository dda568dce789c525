/**
 * A model of one collection behind a scripted transport: lists, watches from a version, history, and faults that
 * replace single answers. Exact about resource versions, ignorant of the rest. Config maps unless told otherwise.
 */

import type { KubeObject } from "#lib/kube/types.ts";
import type { Clock } from "#lib/run/clock.ts";
import {
  type Answer,
  json,
  ScriptedStream,
  ScriptedTransport,
  type SeenRequest,
} from "./scripted_transport.ts";

/** Replaces one answer; undefined lets the model answer. */
export type Fault = (request: SeenRequest) => Answer | undefined | Promise<Answer>;

interface Change {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
}

/** What a collection holds. */
export interface CollectionKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  /** Answers what is not asked of the collection; undefined lets the model answer. */
  readonly elsewhere?: Fault;
}

const CONFIG_MAPS: CollectionKind = { apiVersion: "v1", kind: "ConfigMap", namespace: "n" };

/** Objects of one kind in one namespace. */
export class ScriptedCollection {
  readonly transport: ScriptedTransport;
  /** Consumed one per request; a function that stays is put in `everyWatch`. */
  readonly watchFaults: (Fault | undefined)[] = [];
  readonly listFaults: (Fault | undefined)[] = [];
  everyWatch: Fault | undefined;
  everyList: Fault | undefined;
  /** Streams handed out by the model, oldest first. */
  readonly streams: ScriptedStream[] = [];
  version = 100;
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: Change[] = [];
  #compactedBefore = 0;
  #uid = 0;
  readonly #kind: CollectionKind;

  constructor(clock: Clock, kind: CollectionKind = CONFIG_MAPS) {
    this.#kind = kind;
    this.transport = new ScriptedTransport(clock, (request) => this.#answer(request));
  }

  /** Creates or changes an object that has a value as its data. */
  put(name: string, value: string): void {
    this.store(name, { data: { value } });
  }

  /** Creates or changes an object; of its metadata the labels and annotations are kept. */
  store(name: string, fields: Readonly<Record<string, unknown>>): void {
    const before = this.#objects.get(name);
    this.version += 1;
    const { apiVersion, kind, namespace } = this.#kind;
    const object = {
      ...fields,
      apiVersion,
      kind,
      metadata: {
        ...(fields["metadata"] as KubeObject["metadata"] | undefined),
        namespace,
        name,
        uid: before?.metadata.uid ?? `uid-${++this.#uid}`,
        resourceVersion: String(this.version),
      },
    };
    this.#objects.set(name, object);
    this.#record(before === undefined ? "ADDED" : "MODIFIED", object);
  }

  delete(name: string): void {
    const before = this.#objects.get(name);
    if (before === undefined) throw new Error(`No object "${name}"`);
    this.version += 1;
    this.#objects.delete(name);
    const metadata = { ...before.metadata, resourceVersion: String(this.version) };
    this.#record("DELETED", { ...before, metadata });
  }

  /** Goes back in time, as a server restored from a backup: its history begins anew. */
  restore(version: number): void {
    this.version = version;
    this.#history.length = 0;
    this.streams.length = 0;
  }

  /** Forgets the history: watches from before now are answered with 410. */
  compact(): void {
    this.#compactedBefore = this.version;
  }

  /** The state, name to value. */
  get state(): Record<string, string> {
    return stateOf([...this.#objects.values()]);
  }

  /** Requests of the kind, as `list` or `watch@<version>`. */
  get log(): string[] {
    return this.transport.requests.map(({ query }) =>
      query.get("watch") === "true"
        ? `watch@${query.get("resourceVersion") ?? ""}`
        : `list@${query.get("resourceVersion") ?? ""}`
    );
  }

  /** Line of an event. */
  line(type: string, name: string): string {
    return `${JSON.stringify({ type, object: this.#objects.get(name) })}\n`;
  }

  list(): Answer {
    const items = [...this.#objects.values()].map(({ kind: _, apiVersion: __, ...rest }) => rest);
    const metadata = { resourceVersion: String(this.version) };
    const { apiVersion, kind } = this.#kind;
    return json({ apiVersion, kind: `${kind}List`, metadata, items });
  }

  watch(request: SeenRequest): Answer {
    const from = Number(request.query.get("resourceVersion") ?? "0");
    if (from < this.#compactedBefore) return gone();
    const stream = new ScriptedStream();
    for (const change of this.#history) if (change.version > from) stream.write(lineOf(change));
    this.streams.push(stream);
    return { body: stream };
  }

  #answer(request: SeenRequest): Answer | Promise<Answer> {
    const elsewhere = this.#kind.elsewhere?.(request);
    if (elsewhere !== undefined) return elsewhere;
    if (request.query.get("watch") === "true") {
      const fault = this.watchFaults.shift() ?? this.everyWatch;
      return fault?.(request) ?? this.watch(request);
    }
    const fault = this.listFaults.shift() ?? this.everyList;
    return fault?.(request) ?? this.list();
  }

  #record(type: Change["type"], object: KubeObject): void {
    const change = { version: this.version, type, object };
    this.#history.push(change);
    for (const stream of this.streams) if (stream.isOpen) stream.write(lineOf(change));
  }
}

/** Name to value. */
export function stateOf(objects: readonly KubeObject[]): Record<string, string> {
  return Object.fromEntries(
    objects.map((object) => [
      object.metadata.name ?? "",
      (object["data"] as { readonly value: string }).value,
    ]).sort(),
  );
}

/** A `Status` as an answer. */
export function status(
  code: number,
  reason: string,
  rest: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Answer {
  const body = { kind: "Status", status: "Failure", code, reason, message: reason, ...rest };
  return json(body, code, headers);
}

/** A `Status` as the line of an `ERROR` event. */
export function errorLine(
  code: number,
  reason: string,
  rest: Record<string, unknown> = {},
): string {
  const object = { kind: "Status", status: "Failure", code, reason, message: reason, ...rest };
  return `${JSON.stringify({ type: "ERROR", object })}\n`;
}

/** The answer to a watch from a version that is too old. */
export function gone(): Answer {
  return status(410, "Expired");
}

/** A stream that consists of this. */
export function streamOf(text: string | Uint8Array, end?: "clean" | "reset" | "open"): Answer {
  const stream = new ScriptedStream();
  stream.write(text);
  if (end !== "open") stream.end(end === "reset" ? "reset" : undefined);
  return { body: stream };
}

function lineOf({ type, object }: Change): string {
  return `${JSON.stringify({ type, object })}\n`;
}
