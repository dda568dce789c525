/**
 * Everything the client can throw, and the questions callers ask of an error. Making errors out of HTTP
 * answers is the business of `api_error.ts`.
 */

import type { StatusDetails, Verb } from "./types.ts";

/** Base of all errors of the client. */
export class KubeError extends Error {
  /** Name of the class. */
  override name = "KubeError";
}

/** The configuration is missing, contradictory or unreadable. */
export class KubeConfigError extends KubeError {
  /** Name of the class. */
  override name = "KubeConfigError";
}

/** There is no configuration at all; the message lists what was tried. */
export class KubeConfigMissingError extends KubeConfigError {}

/** Credentials could not be obtained: token file, exec plugin, certificate. */
export class KubeAuthError extends KubeError {
  /** Name of the class. */
  override name = "KubeAuthError";
}

/** What the transport knows about a failure. Which requests may be repeated follows from it. */
export type TransportErrorKind =
  /** Nothing was sent: the connection could not be made. */
  | "connect"
  /** Nothing was sent: the peer's certificate or the handshake was refused. */
  | "tls"
  /** Nothing was sent: the proxy refused. */
  | "proxy"
  /** Sent, but the server says that it was not processed. */
  | "refused"
  /** Outcome unknown: the stream was reset. */
  | "reset"
  /** Outcome unknown: the connection broke. */
  | "connection"
  /** Outcome unknown: the connection no longer answers pings. */
  | "ping"
  | "timeout"
  | "aborted"
  /** The peer does not keep to HTTP, or a header cannot be sent. */
  | "protocol"
  /** The transport was closed by its owner. */
  | "closed";

/** Failure below HTTP. The transport throws it; the client wraps it in `KubeTransportError`. */
export class TransportError extends Error {
  /** Name of the class. */
  override name = "TransportError";
  /** What happened. */
  readonly kind: TransportErrorKind;
  /** Whether the response headers had come, so that the body failed. */
  readonly headersSeen: boolean;

  /** Makes an error of `kind`. */
  constructor(
    kind: TransportErrorKind,
    message: string,
    options: { readonly cause?: unknown; readonly headersSeen?: boolean } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.kind = kind;
    this.headersSeen = options.headersSeen ?? false;
  }
}

/** The API server could not be reached or the connection failed; `cause` is the `TransportError`. */
export class KubeTransportError extends KubeError {
  /** Name of the class. */
  override name = "KubeTransportError";
  /** `kind` of the cause. */
  readonly kind: TransportErrorKind;

  /** Makes an error that takes over the kind of its cause. */
  constructor(message: string, cause: TransportError) {
    super(message, { cause });
    this.kind = cause.kind;
  }
}

/** The answer is not what the Kubernetes API would say: not JSON, a `Table`, a captive portal's page. */
export class DecodeError extends KubeError {
  /** Name of the class. */
  override name = "DecodeError";
}

/** A list could not be continued because its snapshot is gone, and items were handed out already. */
export class ListExpiredError extends KubeError {
  /** Name of the class. */
  override name = "ListExpiredError";
}

/** The request is outside the declared scope; nothing was sent. */
export class ScopeError extends KubeError {
  /** Name of the class. */
  override name = "ScopeError";
}

/** What a request was about; used in messages. */
export interface RequestSubject {
  /** Verb as RBAC names it, or the HTTP method in lower case. */
  readonly verb: string;
  /** `resource` or `resource/subresource`, or a path for requests without a resource. */
  readonly resource: string;
  /** API group; undefined outside resources. */
  readonly group?: string | undefined;
  /** Namespace, where there is one. */
  readonly namespace?: string | undefined;
  /** Object name, where there is one. */
  readonly name?: string | undefined;
}

/** `list pods/x in namespace "a"`: the first half of every message. */
export function describeSubject(subject: RequestSubject): string {
  const name = subject.name === undefined ? "" : `/${subject.name}`;
  const namespace = subject.namespace === undefined ? "" : ` in namespace "${subject.namespace}"`;
  return `${subject.verb} ${subject.resource}${name}${namespace}`;
}

/** Fields of a `KubeApiError`. */
export interface KubeApiErrorFields extends RequestSubject {
  /** HTTP status. */
  readonly status: number;
  /** Machine-readable reason. */
  readonly reason: string;
  /** The server's own text. */
  readonly statusMessage: string;
  /** Details of the Status. */
  readonly details?: StatusDetails | undefined;
  /** Path of the request. */
  readonly url: string;
  /** Id of the request in the server's audit log. */
  readonly auditId?: string | undefined;
  /** Start of an answer that is no Status. */
  readonly raw?: string | undefined;
  /** `Retry-After` of the answer, in seconds. */
  readonly retryAfterSeconds?: number | undefined;
  /** `metadata.continue` of the status: an inconsistent continuation offered by a 410. */
  readonly continueToken?: string | undefined;
}

/** The server answered, and the answer is an error. */
export class KubeApiError extends KubeError {
  /** Name of the class. */
  override name = "KubeApiError";
  /** HTTP status. */
  readonly status: number;
  /** Machine-readable reason such as `NotFound`; synthesised from the status when the body has none. */
  readonly reason: string;
  /** Details of the Status. */
  readonly details: StatusDetails | undefined;
  /** Verb of RBAC: `get`, `list`, … */
  readonly verb: Verb | string;
  /** Resource with its subresource, or the path. */
  readonly resource: string;
  /** API group; undefined outside resources. */
  readonly group: string | undefined;
  /** Namespace, where there is one. */
  readonly namespace: string | undefined;
  /** Name of the object the request was about, if it had one. */
  readonly objectName: string | undefined;
  /** The server's own text, without what `message` puts around it. */
  readonly statusMessage: string;
  /** Path without the query. */
  readonly url: string;
  /** `Audit-Id` of the answer. */
  readonly auditId: string | undefined;
  /** First 2 KiB of a body that was no `Status`. */
  readonly raw: string | undefined;
  /** How long the server asks to wait, from the header or the details; seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** Token of an inconsistent continuation, only in some 410 answers. */
  readonly continueToken: string | undefined;

  /** Made by the client from an answer. */
  constructor(fields: KubeApiErrorFields) {
    super(formatApiError(fields));
    this.status = fields.status;
    this.reason = fields.reason;
    this.details = fields.details;
    this.verb = fields.verb;
    this.resource = fields.resource;
    this.group = fields.group;
    this.namespace = fields.namespace;
    this.objectName = fields.name;
    this.statusMessage = fields.statusMessage;
    this.url = fields.url;
    this.auditId = fields.auditId;
    this.raw = fields.raw;
    this.retryAfterSeconds = fields.retryAfterSeconds ?? fields.details?.retryAfterSeconds;
    this.continueToken = fields.continueToken;
  }
}

function formatApiError(fields: KubeApiErrorFields): string {
  const { status, reason, statusMessage } = fields;
  const line = `${describeSubject(fields)}: ${statusMessage} (${reason}, HTTP ${status})`;
  if (status !== 403 || fields.group === undefined) return line;
  return `${line}\nneeds: ${describeRule(fields.group, fields.resource, fields.verb)}`;
}

/** The RBAC rule that a request needs, in one line. */
export function describeRule(group: string, resource: string, verb: string): string {
  return `apiGroup "${group}", resource "${resource}", verb "${verb}"`;
}

function isApiError(error: unknown, ...reasons: string[]): error is KubeApiError {
  return error instanceof KubeApiError && reasons.includes(error.reason);
}

/** Whether the object, or the resource, does not exist. */
export function isNotFound(error: unknown): error is KubeApiError {
  return isApiError(error, "NotFound");
}

/** Whether a create met an existing object. */
export function isAlreadyExists(error: unknown): error is KubeApiError {
  return isApiError(error, "AlreadyExists");
}

/** Whether the object was changed by someone else, or a field belongs to another manager. */
export function isConflict(error: unknown): error is KubeApiError {
  return isApiError(error, "Conflict");
}

/** Whether RBAC (or admission) refused. */
export function isForbidden(error: unknown): error is KubeApiError {
  return isApiError(error, "Forbidden");
}

/** Whether the credentials were not accepted. */
export function isUnauthorized(error: unknown): error is KubeApiError {
  return isApiError(error, "Unauthorized");
}

/** Whether a resource version or a continue token is too old. */
export function isExpired(error: unknown): error is KubeApiError {
  return isApiError(error, "Expired", "Gone") ||
    (error instanceof KubeApiError && error.status === 410);
}

/** Whether the server asks to slow down. */
export function isTooManyRequests(error: unknown): error is KubeApiError {
  return isApiError(error, "TooManyRequests");
}

/** Whether validation failed. */
export function isInvalid(error: unknown): error is KubeApiError {
  return isApiError(error, "Invalid");
}

/** Whether the server gave up waiting. */
export function isTimeout(error: unknown): error is KubeApiError {
  return isApiError(error, "Timeout", "ServerTimeout");
}

/** Whether the server has not reached the asked resource version (yet). */
export function isResourceVersionTooLarge(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && (
    error.details?.causes?.some((cause) => cause.reason === "ResourceVersionTooLarge") === true ||
    error.statusMessage.includes("Too large resource version")
  );
}

/** Whether the same request may succeed later without any change. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof KubeApiError) {
    return error.status === 429 || (error.status >= 500 && error.status !== 501) ||
      error.retryAfterSeconds !== undefined;
  }
  if (!(error instanceof KubeTransportError)) return false;
  return !["tls", "aborted", "closed", "protocol"].includes(error.kind);
}
