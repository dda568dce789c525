/** Failures as the API server words them: a `Status` object with its HTTP code. */

import type { JsonObject } from "#tests/support/kube_server/json.ts";
import type { ResourceType } from "#tests/support/kube_server/resources.ts";

/** One entry of `details.causes`. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** What a failure says. */
export interface StatusParts {
  readonly code: number;
  /** Left out of the body when empty, as the real server does for a plain 500. */
  readonly reason: string;
  readonly message: string;
  readonly details?: JsonObject;
  readonly metadata?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by request handling; becomes the answer. */
export class StatusError extends Error {
  readonly parts: StatusParts;

  constructor(parts: StatusParts) {
    super(parts.message);
    this.name = "StatusError";
    this.parts = parts;
  }

  /** The `Status` object. */
  body(): JsonObject {
    const { code, reason, message, details, metadata } = this.parts;
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: metadata ?? {},
      status: "Failure",
      message,
      ...(reason === "" ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

/** `group` and `kind` of a resource inside `details`. */
export function detailsOf(resource: ResourceType, name: string): JsonObject {
  return {
    ...(name === "" ? {} : { name }),
    ...(resource.group === "" ? {} : { group: resource.group }),
    kind: resource.resource,
  };
}

/** `configmaps` or `widgets.example.com`. */
export function qualified(resource: ResourceType): string {
  return resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`;
}

/** 404 of an object. */
export function notFound(resource: ResourceType, name: string): StatusError {
  return new StatusError({
    code: 404,
    reason: "NotFound",
    message: `${qualified(resource)} "${name}" not found`,
    details: detailsOf(resource, name),
  });
}

/** 404 of a path. */
export function noSuchResource(): StatusError {
  return new StatusError({
    code: 404,
    reason: "NotFound",
    message: "the server could not find the requested resource",
    details: {},
  });
}

/** 405. */
export function methodNotAllowed(): StatusError {
  return new StatusError({
    code: 405,
    reason: "MethodNotAllowed",
    message: "the server does not allow this method on the requested resource",
    details: {},
  });
}

/** 409 of a create. */
export function alreadyExists(resource: ResourceType, name: string): StatusError {
  return new StatusError({
    code: 409,
    reason: "AlreadyExists",
    message: `${qualified(resource)} "${name}" already exists`,
    details: detailsOf(resource, name),
  });
}

/** 409 with the reason `Conflict`; `what` follows the name of the object. */
export function conflict(
  resource: ResourceType,
  name: string,
  what =
    "the object has been modified; please apply your changes to the latest version and try again",
): StatusError {
  return new StatusError({
    code: 409,
    reason: "Conflict",
    message: `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${what}`,
    details: detailsOf(resource, name),
  });
}

/** 400. */
export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: "BadRequest", message });
}

/** 415. */
export function unsupportedMediaType(accepted: string): StatusError {
  return new StatusError({
    code: 415,
    reason: "UnsupportedMediaType",
    message:
      `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  });
}

/** 422 for one or more fields; `subject` is what the message calls the object. */
export function invalid(
  { kind, group = "", name = "", causes }: {
    readonly kind: string;
    readonly group?: string;
    readonly name?: string;
    readonly causes: readonly Required<Cause>[];
  },
): StatusError {
  const subject = group === "" ? kind : `${kind}.${group}`;
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new StatusError({
    code: 422,
    reason: "Invalid",
    message: `${subject} "${name}" is invalid: ${list}`,
    details: {
      ...(name === "" ? {} : { name }),
      ...(group === "" ? {} : { group }),
      ...(kind === "" ? {} : { kind }),
      causes: causes.map((cause) => ({ ...cause })),
    },
  });
}

/** 422 of the parameters of a request. */
export function invalidOptions(kind: string, cause: Required<Cause>): StatusError {
  return invalid({ kind, group: "meta.k8s.io", causes: [cause] });
}

/** 422 without any detail: a JSON patch that cannot be applied. */
export function rejected(): StatusError {
  return new StatusError({
    code: 422,
    reason: "Invalid",
    message: "the server rejected our request due to an error in our request",
    details: {},
  });
}

/** 410 with the reason `Expired`. */
export function expired(message: string, metadata?: JsonObject): StatusError {
  return new StatusError({
    code: 410,
    reason: "Expired",
    message,
    ...(metadata === undefined ? {} : { metadata }),
  });
}

/** 504 of a resourceVersion that lies in the future. */
export function tooLargeResourceVersion(asked: string, current: number): StatusError {
  return new StatusError({
    code: 504,
    reason: "Timeout",
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: {
      causes: [{
        reason: "ResourceVersionTooLarge",
        message: "Too large resource version",
      }],
      retryAfterSeconds: 1,
    },
    headers: { "retry-after": "1" },
  });
}
