/** Turns answers that are errors into `KubeApiError`, whoever wrote them: the API server or a proxy. */

import type { RequestSubject } from "./errors.ts";
import { KubeApiError } from "./errors.ts";
import type { HeaderValues } from "./transport/contract.ts";
import { isJsonObject, type Status } from "./types.ts";

/** An answer and the request it belongs to. */
export interface FailedAnswer {
  readonly status: number;
  readonly headers: HeaderValues;
  readonly text: string;
  readonly subject: RequestSubject;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
}

const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

const MAX_RAW_CHARACTERS = 2048;

/** The error of an answer whose status is not 2xx. */
export function apiErrorFromAnswer(answer: FailedAnswer): KubeApiError {
  const { status, headers, text, subject, method, path } = answer;
  const body = parseStatus(text);
  if (body !== undefined) return apiErrorFromStatus(body, { ...answer, fallback: status });
  const fallback = status === 409 && method === "POST" ? "AlreadyExists" : REASONS[status];
  const redirect = status >= 300 && status < 400;
  return new KubeApiError({
    ...subject,
    status,
    reason: fallback ?? "Unknown",
    statusMessage: redirect
      ? "the server answered with a redirect, which is never followed"
      : summarise(text) ?? "the server gave no explanation",
    url: path,
    auditId: headerText(headers, "audit-id"),
    raw: text === "" ? undefined : text.slice(0, MAX_RAW_CHARACTERS),
    retryAfterSeconds: retryAfterSeconds(headers),
  });
}

/** What `apiErrorFromStatus` knows besides the `Status`. */
export interface StatusContext {
  readonly subject: RequestSubject;
  readonly path: string;
  readonly headers?: HeaderValues | undefined;
  /** HTTP status when the object has no code of its own. */
  readonly fallback: number;
}

/** The error that a `Status` object describes. */
export function apiErrorFromStatus(body: Status, context: StatusContext): KubeApiError {
  const { subject, path, headers = {}, fallback } = context;
  const status = body.code ?? fallback;
  return new KubeApiError({
    ...subject,
    status,
    reason: body.reason || REASONS[status] || "Unknown",
    statusMessage: body.message ?? "the server gave no explanation",
    details: body.details ?? undefined,
    url: path,
    auditId: headerText(headers, "audit-id"),
    retryAfterSeconds: retryAfterSeconds(headers),
    continueToken: body.metadata?.continue || undefined,
  });
}

/** Seconds of an integer `Retry-After`; dates are ignored, as client-go does. */
export function retryAfterSeconds(headers: HeaderValues): number | undefined {
  const value = headerText(headers, "retry-after");
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

/** One header value; several lines joined by commas. */
export function headerText(headers: HeaderValues, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.join(", ");
}

/** Whether a parsed body is the API server's error object. */
export function isStatus(body: unknown): body is Status {
  return isJsonObject(body) && body["kind"] === "Status";
}

function parseStatus(text: string): Status | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isStatus(body) ? body : undefined;
  } catch {
    // Not JSON: a proxy's page, say; the caller synthesises a reason.
    return undefined;
  }
}

function summarise(text: string): string | undefined {
  const line = text.trim().split("\n")[0] ?? "";
  if (line === "" || line.startsWith("<")) return undefined;
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
