/**
 * Sends one API request: scope first, then the rate limit, then attempts until an answer, and an error that
 * says what was asked for. Knows HTTP and statuses, nothing of lists and watches.
 */

import { type Clock, sleep } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import {
  apiErrorFromAnswer,
  apiErrorFromStatus,
  isStatus,
  retryAfterSeconds,
} from "./api_error.ts";
import { WarningLog } from "./api_warnings.ts";
import type { RequestOptions } from "./operations.ts";
import { DecodeError, describeSubject, KubeTransportError, TransportError } from "./errors.ts";
import type { RequestSubject } from "./errors.ts";
import type { KubeMetrics } from "./metrics.ts";
import type { RateLimiter } from "./rate_limit.ts";
import { nextAttempt } from "./retry.ts";
import type { KubeScope } from "./scope/client_scope.ts";
import type { HeaderValues, Transport, TransportResponse } from "./transport/contract.ts";
import { traceBody, traceValue } from "./trace_body.ts";
import type { ResourceRef, Verb } from "./types.ts";
import {
  formatQuery,
  type Query,
  resourceLabel,
  resourcePath,
  resourceWithSubresource,
} from "./url.ts";

/** What a request is about: a resource, or a path outside resources. */
export type RequestTarget =
  | { readonly ref: ResourceRef; readonly verb: Verb; readonly also?: Verb | undefined }
  | { readonly path: string };

/** One request. */
export interface ApiRequest {
  readonly target: RequestTarget;
  readonly method: string;
  readonly query?: Query | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly contentType?: string | undefined;
  /** `application/json` by default. */
  readonly accept?: string | undefined;
  /** Reads its body as it comes; neither limited nor repeated. */
  readonly stream?: boolean | undefined;
  /** Fail at the first error; for callers with a backoff of their own. */
  readonly once?: boolean | undefined;
  readonly options?: RequestOptions | undefined;
}

/** Parts of a requester. */
export interface RequesterDeps {
  readonly transport: Transport;
  readonly scope: KubeScope;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: KubeMetrics;
  /** Sent with each request: user agent, impersonation. */
  readonly headers: HeaderValues;
  /** Time-out of requests that are no streams, ms; 0 = none. */
  readonly requestTimeoutMs: number;
  readonly compress: boolean;
  readonly hideApiWarnings: boolean;
  /** Logs bodies at debug level, without secrets. */
  readonly traceBodies: boolean;
}

const MAX_BODY_BYTES = 512 * 1024 * 1024;
const MAX_ERROR_BYTES = 1024 * 1024;
const SLOW_WAIT_MS = 1000;
const SLOW_WAIT_LOG_PERIOD_MS = 60_000;

/** Sends requests. */
export class Requester {
  readonly #deps: RequesterDeps;
  readonly #warnings: WarningLog;
  #slowWaitLoggedMs = -Infinity;

  constructor(deps: RequesterDeps) {
    this.#deps = deps;
    this.#warnings = new WarningLog(deps.logger);
  }

  /** @throws {ScopeError} when the client may not ask for this */
  checkScope(target: RequestTarget, query?: Query): void {
    const { scope } = this.#deps;
    if ("path" in target) return scope.checkPath(target.path);
    const { ref, verb, also } = target;
    const selectedName = /(?:^|,)metadata\.name==?([^,=!]+)(?:,|$)/.exec(
      String(query?.["fieldSelector"] ?? ""),
    )?.[1];
    for (const needed of also === undefined ? [verb] : [verb, also]) {
      scope.checkResource({
        verb: needed,
        group: ref.group,
        resource: resourceWithSubresource(ref),
        namespace: ref.namespace,
        name: ref.name,
        selectedName,
      });
    }
  }

  /** The answer, when its status is 2xx. @throws {KubeError} or the signal's reason */
  async send(request: ApiRequest): Promise<TransportResponse> {
    const { clock, random, metrics, requestTimeoutMs } = this.#deps;
    this.checkScope(request.target, request.query);
    const subject = subjectOf(request);
    const { signal, timeoutMs = requestTimeoutMs } = request.options ?? {};
    const endMs = timeoutMs > 0 ? clock.monotonic() + timeoutMs : Infinity;
    if (request.stream !== true) {
      await this.#limit(signal, timeoutMs).catch((error) => {
        throw wrapTransportError(error, subject, signal);
      });
    }
    for (let attempt = 1;; attempt++) {
      const remainingMs = Math.max(1, endMs - clock.monotonic());
      try {
        return await this.#attempt(request, subject, remainingMs);
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        const { error, retryAfter } = failure;
        const next = request.stream === true || request.once === true ? undefined : nextAttempt({
          error,
          attempt,
          isRead: request.method === "GET",
          retryAfterSeconds: retryAfter,
          random,
        });
        if (next === undefined || clock.monotonic() + next.delayMs >= endMs) throw error;
        metrics.retry(next.reason);
        await sleep(next.delayMs, { clock, signal });
      }
    }
  }

  /** The answer's JSON, undefined for a status that needs none. @throws {DecodeError} when it is something else */
  async json(request: ApiRequest): Promise<{ readonly value: unknown; readonly bytes: number }> {
    const subject = subjectOf(request);
    const response = await this.send(request);
    const bytes = await this.#read(response, subject, request.options?.signal);
    if (bytes.length === 0) {
      // The API sends a body with these, so something else has answered.
      if (response.status > 202) return { value: undefined, bytes: 0 };
      throw new DecodeError(`${describeSubject(subject)}: the answer is empty`);
    }
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(bytes));
    } catch (cause) {
      throw new DecodeError(`${describeSubject(subject)}: the answer is not JSON`, { cause });
    }
    if (this.#deps.traceBodies) {
      this.#deps.logger.debug("answer body", { path: pathOf(request), body: traceValue(value) });
    }
    if (isStatus(value) && value.status === "Failure") {
      const { status: fallback, headers } = response;
      throw apiErrorFromStatus(value, { subject, path: pathOf(request), headers, fallback });
    }
    return { value, bytes: bytes.length };
  }

  /** The answer's bytes. */
  async #read(
    response: TransportResponse,
    subject: RequestSubject,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    try {
      return await response.bytes(MAX_BODY_BYTES);
    } catch (error) {
      throw wrapTransportError(error, subject, signal);
    }
  }

  async #limit(signal: AbortSignal | undefined, timeoutMs: number): Promise<void> {
    const { limiter, metrics, logger, clock } = this.#deps;
    const waitedMs = await limiter.take(signal, timeoutMs > 0 ? timeoutMs : Infinity);
    if (waitedMs === 0) return;
    metrics.rateLimiterWait(waitedMs / 1000);
    const nowMs = clock.monotonic();
    if (waitedMs < SLOW_WAIT_MS || nowMs - this.#slowWaitLoggedMs < SLOW_WAIT_LOG_PERIOD_MS) return;
    this.#slowWaitLoggedMs = nowMs;
    logger.warn("requests wait for the client's own rate limit", { waitedMs });
  }

  async #attempt(
    request: ApiRequest,
    subject: RequestSubject,
    timeoutMs: number,
  ): Promise<TransportResponse> {
    const { transport, clock, logger, metrics } = this.#deps;
    const { method, body, stream = false, options } = request;
    const path = pathOf(request);
    if (this.#deps.traceBodies && body !== undefined) {
      logger.debug("request body", { method, path, body: traceBody(body) });
    }
    const startMs = clock.monotonic();
    const observe = (code: string) => {
      const tookMs = clock.monotonic() - startMs;
      const { verb, group, resource: name } = subject;
      // A path outside resources is no label.
      const resource = group === undefined ? "" : resourceLabel({ group, resource: name });
      metrics.request({ verb, resource, code }, tookMs / 1000);
      logger.debug("request", { method, path, code, tookMs: Math.round(tookMs) });
    };
    let response: TransportResponse;
    try {
      response = await transport.request({
        method,
        path: path + formatQuery(request.query ?? {}),
        headers: this.#headers(request),
        body,
        stream,
        timeoutMs: Number.isFinite(timeoutMs) ? timeoutMs : 0,
        signal: options?.signal,
      });
    } catch (error) {
      if (error instanceof TransportError) observe(error.kind);
      throw new Failure(wrapTransportError(error, subject, options?.signal), undefined);
    }
    observe(String(response.status));
    this.#warnings.note(response.headers["warning"], {
      expected: options?.expectWarnings === true || this.#deps.hideApiWarnings,
    });
    if (response.status >= 200 && response.status < 300) return response;
    const { status, headers } = response;
    if (status === 429) {
      const flowSchema = headers["x-kubernetes-pf-flowschema-uid"];
      const priorityLevel = headers["x-kubernetes-pf-prioritylevel-uid"];
      logger.debug("server asks to slow down", { path, flowSchema, priorityLevel });
    }
    const text = await this.#errorText(response);
    const error = apiErrorFromAnswer({ status, headers, text, subject, method, path });
    throw new Failure(error, retryAfterSeconds(headers));
  }

  async #errorText(response: TransportResponse): Promise<string> {
    try {
      return new TextDecoder().decode(await response.bytes(MAX_ERROR_BYTES));
    } catch {
      // The status says enough; a body that cannot be read adds nothing.
      return "";
    }
  }

  #headers({ accept, contentType, body, method, stream, options }: ApiRequest): HeaderValues {
    const gzip = this.#deps.compress && method === "GET" && stream !== true;
    return {
      ...this.#deps.headers,
      accept: accept ?? "application/json",
      "accept-encoding": gzip ? "gzip" : "identity",
      ...(body === undefined ? {} : { "content-type": contentType ?? "application/json" }),
      ...Object.fromEntries(
        Object.entries(options?.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
      ),
    };
  }
}

/** Carries what the retry decision needs besides the error. */
class Failure {
  constructor(readonly error: unknown, readonly retryAfter: number | undefined) {}
}

/** The error of the client for an error of the transport; other errors as they are. */
export function wrapTransportError(
  error: unknown,
  subject: RequestSubject,
  signal: AbortSignal | undefined,
): unknown {
  if (!(error instanceof TransportError)) return error;
  if (error.kind === "aborted" && signal?.aborted === true) return signal.reason;
  return new KubeTransportError(`${describeSubject(subject)}: ${error.message}`, error);
}

/** What to call a request in messages. */
export function subjectOf({ target, method }: ApiRequest): RequestSubject {
  if ("path" in target) return { verb: method.toLowerCase(), resource: target.path };
  const { ref, verb } = target;
  return {
    verb,
    resource: resourceWithSubresource(ref),
    group: ref.group,
    namespace: ref.namespace,
    name: ref.name,
  };
}

function pathOf({ target }: ApiRequest): string {
  return "path" in target ? target.path : resourcePath(target.ref);
}
