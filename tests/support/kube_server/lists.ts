/** LIST: consistency by resourceVersion, pages with `limit` and `continue`, expiry. */

import { type Json, type JsonObject, textAt } from "#tests/support/kube_server/json.ts";
import {
  apiVersionOf,
  inVersion,
  type ResourceType,
} from "#tests/support/kube_server/resources.ts";
import { type Matches, selectorOf } from "#tests/support/kube_server/selectors.ts";
import * as status from "#tests/support/kube_server/status.ts";
import { keyOf, type Store } from "#tests/support/kube_server/store.ts";

/** What is listed. */
export interface Collection {
  readonly resource: ResourceType;
  /** Empty for all namespaces. */
  readonly namespace: string;
}

interface ContinueToken {
  readonly v: string;
  /** -1: the current state, for the rest of an expired list. */
  readonly rv: number;
  /** Key of the last object handed out. */
  readonly start: string;
}

const TOKEN_VERSION = "meta.k8s.io/v1";
const EXPIRED_TOKEN =
  "The provided continue parameter is too old to display a consistent list result. You can start a " +
  "new list without the continue parameter, or use the continue token in this response to retrieve " +
  "the remainder of the results. Continuing with the provided token results in an inconsistent list " +
  "- objects that were created, modified, or deleted between the time the first chunk was returned " +
  "and now may show up in the list.";

/** Answers a LIST. */
export function listObjects(
  store: Store,
  { resource, namespace }: Collection,
  query: URLSearchParams,
): JsonObject {
  const matches = selectorOf(query, resource);
  const limit = integer(query.get("limit"));
  const token = query.get("continue") ?? "";
  checkListOptions(query);
  const { objects, revision, start } = token === ""
    ? firstPage(store, { resource, query })
    : nextPage(store, { resource, token });
  const isIn = inNamespace(namespace);
  const rest = objects.filter((object) => keyOf(object) > start && isIn(object) && matches(object));
  // The watch cache answers "any version" as a whole.
  const isPaged = limit > 0 && query.get("resourceVersion") !== "0";
  const items = isPaged ? rest.slice(0, limit) : rest;
  const last = items.at(-1);
  const remaining = rest.length - items.length;
  const hasSelector = query.has("labelSelector") || query.has("fieldSelector");
  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(revision),
      ...(remaining > 0 && last !== undefined
        ? {
          continue: encodeToken({ v: TOKEN_VERSION, rv: revision, start: keyOf(last) }),
          ...(hasSelector ? {} : { remainingItemCount: remaining }),
        }
        : {}),
    },
    items: items.map((object) =>
      resource.custom ? inVersion(resource, object) : withoutType(object)
    ),
  };
}

/** Whether an object is in `namespace`; an empty one stands for all. */
export function inNamespace(namespace: string): Matches {
  return (object) => namespace === "" || textAt(object, "metadata", "namespace") === namespace;
}

/** A resourceVersion parameter; 0 for none. */
export function parseRevision(text: string, onInvalid: (message: string) => Error): number {
  if (!/^\d*$/.test(text)) {
    throw onInvalid(
      `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  }
  return Number(text);
}

function firstPage(
  store: Store,
  { resource, query }: { readonly resource: ResourceType; readonly query: URLSearchParams },
): { readonly objects: JsonObject[]; readonly revision: number; readonly start: string } {
  const text = query.get("resourceVersion") ?? "";
  const revision = parseRevision(
    text,
    (message) => status.badRequest(`invalid resource version: ${message}`),
  );
  if (revision > store.revision) throw status.tooLargeResourceVersion(text, store.revision);
  if (query.get("resourceVersionMatch") !== "Exact") {
    return { objects: store.all(resource), revision: store.revision, start: "" };
  }
  const objects = store.snapshot(resource, revision);
  if (objects === undefined) {
    throw status.expired("The resourceVersion for the provided list is too old.");
  }
  return { objects, revision, start: "" };
}

function nextPage(
  store: Store,
  { resource, token }: { readonly resource: ResourceType; readonly token: string },
): { readonly objects: JsonObject[]; readonly revision: number; readonly start: string } {
  const { rv, start } = decodeToken(token);
  if (rv === -1) return { objects: store.all(resource), revision: store.revision, start };
  const objects = store.snapshot(resource, rv);
  if (objects !== undefined) return { objects, revision: rv, start };
  throw status.expired(EXPIRED_TOKEN, {
    continue: encodeToken({ v: TOKEN_VERSION, rv: -1, start }),
  });
}

function checkListOptions(query: URLSearchParams): void {
  const forbidden = (field: string, message: string) =>
    status.invalidOptions("ListOptions", {
      reason: "FieldValueForbidden",
      message: `Forbidden: ${message}`,
      field,
    });
  const match = query.get("resourceVersionMatch") ?? "";
  const revision = query.get("resourceVersion") ?? "";
  if ((query.get("sendInitialEvents") ?? "") !== "") {
    throw forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
  }
  if (match !== "" && revision === "") {
    throw forbidden(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden unless resourceVersion is provided",
    );
  }
  if (match === "Exact" && revision === "0") {
    throw forbidden(
      "resourceVersionMatch",
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
  }
  if ((query.get("continue") ?? "") !== "" && revision !== "" && revision !== "0") {
    throw status.badRequest("specifying resource version is not allowed when using continue");
  }
}

function integer(text: string | null): number {
  if (text === null || text === "") return 0;
  if (/^-?\d+$/.test(text)) return Number(text);
  throw status.badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
}

function encodeToken(token: ContinueToken): string {
  return new TextEncoder().encode(JSON.stringify(token))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

function decodeToken(text: string): ContinueToken {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    const token = JSON.parse(new TextDecoder().decode(bytes)) as Partial<ContinueToken>;
    if (token.v !== TOKEN_VERSION || token.start === undefined) {
      throw new TypeError("Wrong version");
    }
    return { v: token.v, rv: token.rv ?? 0, start: token.start };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw status.badRequest(`invalid continue token: continue key is not valid: ${reason}`);
  }
}

function withoutType(object: JsonObject): Json {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}
