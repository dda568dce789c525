/**
 * One watch request: opens it and decodes its lines into events. It never reconnects; what to do at the end
 * is decided by whoever reads it.
 */

import type { Clock } from "#lib/run/clock.ts";
import { headerText } from "./api_error.ts";
import type { WatchEndReason, WatchEvent, WatchOptions } from "./contract.ts";
import { DecodeError } from "./errors.ts";
import { type Requester, subjectOf, wrapTransportError } from "./requester.ts";
import { formatLabelSelector } from "./selectors.ts";
import type { TransportResponse } from "./transport/contract.ts";
import { readLines } from "./transport/read_lines.ts";
import { isJsonObject, type KubeObject, type ResourceRef } from "./types.ts";

/** Options for the informer beyond `WatchOptions`. */
export interface WatchParameters extends WatchOptions {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Event types to skip, because the server has been seen to repeat one that nobody knows. */
  readonly ignoredTypes?: ReadonlySet<string> | undefined;
}

/** A decoded line. */
export interface SizedEvent<T extends KubeObject> {
  readonly event: WatchEvent<T>;
  /** Length of its line, about its bytes. */
  readonly size: number;
}

/** An open watch. */
export interface OpenWatch<T extends KubeObject> {
  /** A few events at a time as they come; the last event of the last batch is `END`. */
  readonly batches: AsyncGenerator<readonly SizedEvent<T>[], void, void>;
}

/** An event type that is not in the API; a reason of `decode` ends. */
export class UnknownEventTypeError extends DecodeError {
  override name = "UnknownEventTypeError";

  constructor(readonly eventType: string) {
    super(`Cannot decode a watch event: unknown type "${eventType}"`);
  }
}

/** The answer to a watch is not JSON: a captive portal's page, say. */
export class UnexpectedContentError extends DecodeError {
  override name = "UnexpectedContentError";
}

const HEADERS_TIMEOUT_MS = 60_000;
const MIN_TIMEOUT_SECONDS = 300;
const GRACE_MS = 30_000;
const SILENCE_MS = 120_000;
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const EVENT_TYPES = ["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"];

/** Opens a watch. @throws {KubeError} when its start is refused */
export async function openWatch<T extends KubeObject>(
  requester: Requester,
  ref: ResourceRef,
  options: WatchParameters,
): Promise<OpenWatch<T>> {
  const { labelSelector, fieldSelector, resourceVersion, sendInitialEvents, random } = options;
  const minSeconds = Math.max(MIN_TIMEOUT_SECONDS, options.minWatchTimeoutSeconds ?? 0);
  const timeoutSeconds = minSeconds + Math.floor(random() * (minSeconds + 1));
  const request = {
    target: { ref, verb: "watch" },
    method: "GET",
    stream: true,
    query: {
      watch: true,
      allowWatchBookmarks: true,
      timeoutSeconds,
      resourceVersion,
      resourceVersionMatch: options.resourceVersionMatch,
      sendInitialEvents,
      labelSelector: labelSelector && formatLabelSelector(labelSelector),
      fieldSelector,
    },
    options: { ...options, timeoutMs: options.timeoutMs ?? HEADERS_TIMEOUT_MS },
  } as const;
  const response = await requester.send(request);
  const stream = new WatchStream<T>(response, options, timeoutSeconds * 1000 + GRACE_MS);
  const explain = (error: unknown) => wrapTransportError(error, subjectOf(request), options.signal);
  return { batches: stream.read(explain) };
}

class WatchStream<T extends KubeObject> {
  readonly #response: TransportResponse;
  readonly #options: WatchParameters;
  readonly #maxMs: number;
  #sawBookmark = false;
  #idle = false;

  constructor(response: TransportResponse, options: WatchParameters, maxMs: number) {
    this.#response = response;
    this.#options = options;
    this.#maxMs = maxMs;
  }

  async *read(
    explain: (error: unknown) => unknown,
  ): AsyncGenerator<readonly SizedEvent<T>[], void, void> {
    const { clock, maxLineBytes = MAX_LINE_BYTES, signal } = this.#options;
    const contentType = headerText(this.#response.headers, "content-type") ?? "";
    if (!/^application\/json\b/i.test(contentType)) {
      this.#response.cancel();
      yield [
        end(
          "decode",
          new UnexpectedContentError(`Cannot read a watch: its content type is "${contentType}"`),
        ),
      ];
      return;
    }
    const giveUp = () => {
      this.#idle = true;
      this.#response.cancel();
    };
    const lifeTimer = clock.timer(giveUp, this.#maxMs, { unref: true });
    // HTTP/1.1 has no ping: silence counts once the server has shown that it sends bookmarks.
    const startSilence = () =>
      this.#response.protocol === "h2" || !this.#sawBookmark
        ? undefined
        : clock.timer(giveUp, SILENCE_MS, { unref: true });
    let silence = startSilence();
    try {
      for await (const lines of readLines(this.#response.body, maxLineBytes)) {
        silence?.cancel();
        const batch = this.#decode(lines);
        if (batch.length > 0) yield batch;
        if (batch.at(-1)?.event.type === "END") return;
        silence = startSilence();
      }
      yield [end("eof")];
    } catch (error) {
      const reason: WatchEndReason = error instanceof DecodeError
        ? "decode"
        : signal?.aborted === true
        ? "aborted"
        : this.#idle
        ? "idle"
        : "network";
      yield [end(reason, explain(error))];
    } finally {
      lifeTimer.cancel();
      silence?.cancel();
    }
  }

  #decode(lines: readonly string[]): SizedEvent<T>[] {
    const batch: SizedEvent<T>[] = [];
    for (const line of lines) {
      if (line === "") continue;
      let event: WatchEvent<T> | undefined;
      try {
        event = this.#decodeLine(line);
      } catch (error) {
        batch.push(end("decode", error));
        return batch;
      }
      if (event === undefined) continue;
      batch.push({ event, size: line.length });
      if (event.type === "BOOKMARK") this.#sawBookmark = true;
      if (event.type !== "ERROR") continue;
      // Nothing follows an error on the wire; the stream is closed by us if not by the server.
      batch.push(end("eof"));
      return batch;
    }
    return batch;
  }

  #decodeLine(line: string): WatchEvent<T> | undefined {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw new DecodeError("Cannot decode a watch event: not JSON", { cause });
    }
    const type = isJsonObject(value) ? value["type"] : undefined;
    if (!isJsonObject(value) || typeof type !== "string" || !isJsonObject(value["object"])) {
      throw new DecodeError("Cannot decode a watch event: it lacks type or object");
    }
    if (!EVENT_TYPES.includes(type)) {
      if (this.#options.ignoredTypes?.has(type)) return undefined;
      throw new UnknownEventTypeError(type);
    }
    return value as unknown as WatchEvent<T>;
  }
}

function end<T extends KubeObject>(reason: WatchEndReason, error?: unknown): SizedEvent<T> {
  return {
    event: error === undefined ? { type: "END", reason } : { type: "END", reason, error },
    size: 0,
  };
}
