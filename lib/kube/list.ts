/** Collections: page by page, or whole with the recoveries that a whole list allows. */

import { type Clock, sleep } from "#lib/run/clock.ts";
import type { ListOptions } from "./contract.ts";
import {
  DecodeError,
  isExpired,
  isResourceVersionTooLarge,
  KubeApiError,
  KubeError,
  ListExpiredError,
} from "./errors.ts";
import type { Requester } from "./requester.ts";
import { formatLabelSelector } from "./selectors.ts";
import { isJsonObject, type KubeList, type KubeObject, type ResourceRef } from "./types.ts";
import type { Query } from "./url.ts";

/** How to list; beyond `ListOptions` for the informer, which has its own backoff. */
export interface ListParameters extends ListOptions {
  /** Fail at the first error, except where a list is restarted. */
  readonly once?: boolean | undefined;
  /** Wait as long as the server asks when it is behind; true by default. */
  readonly waitWhenBehind?: boolean | undefined;
}

/** A list and what it took. */
export interface MeasuredList<T extends KubeObject> {
  readonly list: KubeList<T>;
  /** Size of its JSON. */
  readonly bytes: number;
}

const PAGE_SIZE = 500;
const MAX_PAGES = 10_000;
const MAX_EQUAL_TOKENS = 3;

/** Yields the pages as the server gives them. @throws {ListExpiredError} */
export async function* listPages<T extends KubeObject>(
  requester: Requester,
  ref: ResourceRef,
  options: ListParameters = {},
): AsyncGenerator<MeasuredList<T>, void, void> {
  let query = firstQuery(options);
  const guard = new ProgressGuard(ref);
  for (let isFirst = true;; isFirst = false) {
    let page: MeasuredList<T>;
    try {
      page = await fetchPage<T>(requester, ref, { query, options });
    } catch (error) {
      if (isFirst || !isExpired(error)) throw error;
      if (options.allowInconsistent !== true || error.continueToken === undefined) {
        throw new ListExpiredError(
          `Cannot continue the list of ${ref.resource}: its snapshot has expired`,
          { cause: error },
        );
      }
      query = { ...followUp(query), continue: error.continueToken };
      continue;
    }
    yield page;
    const token = page.list.metadata.continue;
    if (token === undefined || token === "") return;
    guard.check(token);
    query = { ...followUp(query), continue: token };
  }
}

/** The whole collection, at the resource version of its first page. */
export async function listWhole<T extends KubeObject>(
  requester: Requester,
  ref: ResourceRef,
  { clock, ...options }: ListParameters & { readonly clock: Clock },
): Promise<MeasuredList<T>> {
  const { resourceVersion, resourceVersionMatch: _, ...mostRecent } = options;
  const hasVersion = resourceVersion !== undefined && resourceVersion !== "";
  try {
    return await collect<T>(requester, ref, options);
  } catch (error) {
    if (error instanceof ListExpiredError) {
      // The snapshot went away between two pages: once more in one piece.
      return await collect<T>(requester, ref, { ...options, limit: 0 });
    }
    if (!hasVersion || !(error instanceof KubeApiError)) throw error;
    if (isResourceVersionTooLarge(error)) {
      const delayMs = Math.max(1, error.retryAfterSeconds ?? 1) * 1000;
      if (options.waitWhenBehind !== false) await sleep(delayMs, { clock, signal: options.signal });
    } else if (!isExpired(error)) throw error;
    return await collect<T>(requester, ref, mostRecent);
  }
}

async function collect<T extends KubeObject>(
  requester: Requester,
  ref: ResourceRef,
  options: ListParameters,
): Promise<MeasuredList<T>> {
  let first: KubeList<T> | undefined;
  let bytes = 0;
  const items: T[] = [];
  for await (
    const page of listPages<T>(requester, ref, { ...options, allowInconsistent: false })
  ) {
    first ??= page.list;
    bytes += page.bytes;
    for (const item of page.list.items) items.push(item);
  }
  if (first === undefined) throw new DecodeError(`Cannot list ${ref.resource}: no page came`);
  const { continue: _, remainingItemCount: __, ...metadata } = first.metadata;
  return { list: { ...first, metadata, items }, bytes };
}

function firstQuery(options: ListParameters): Query {
  const { resourceVersion, resourceVersionMatch, labelSelector, fieldSelector } = options;
  // A list "not older than" comes from the server's cache only when it is not paged.
  const paged = resourceVersion === undefined || resourceVersion === "" ||
    resourceVersion === "0" ||
    resourceVersionMatch === "Exact";
  return {
    labelSelector: labelSelector && formatLabelSelector(labelSelector),
    fieldSelector,
    limit: (paged ? options.limit ?? PAGE_SIZE : 0) || undefined,
    resourceVersion,
    resourceVersionMatch: resourceVersion ? resourceVersionMatch : undefined,
  };
}

function followUp(query: Query): Query {
  return { ...query, resourceVersion: undefined, resourceVersionMatch: undefined };
}

async function fetchPage<T extends KubeObject>(
  requester: Requester,
  ref: ResourceRef,
  { query, options }: { readonly query: Query; readonly options: ListParameters },
): Promise<MeasuredList<T>> {
  const { value, bytes } = await requester.json({
    target: { ref, verb: "list" },
    method: "GET",
    query,
    once: options.once,
    options,
  });
  return { list: toList<T>(value, ref), bytes };
}

function toList<T extends KubeObject>(value: unknown, ref: ResourceRef): KubeList<T> {
  if (!isJsonObject(value)) throw new DecodeError(`Cannot list ${ref.resource}: no object came`);
  const { apiVersion, kind, metadata, items = null } = value;
  const isList = typeof kind === "string" && kind.endsWith("List") && isJsonObject(metadata) &&
    typeof apiVersion === "string" && (items === null || Array.isArray(items));
  if (!isList) {
    throw new DecodeError(`Cannot list ${ref.resource}: a "${kind}" came instead of a list`);
  }
  const itemKind = kind.slice(0, -"List".length);
  // Items of a list come without these two; the object is fresh from the parser and still ours.
  for (const item of items ?? []) {
    item.kind ??= itemKind;
    item.apiVersion ??= apiVersion;
  }
  return { ...value, apiVersion, kind, metadata, items: items ?? [] };
}

/** Stops a server that continues for ever. */
class ProgressGuard {
  readonly #ref: ResourceRef;
  #pages = 0;
  #last = "";
  #equal = 0;

  constructor(ref: ResourceRef) {
    this.#ref = ref;
  }

  check(token: string): void {
    this.#pages += 1;
    this.#equal = token === this.#last ? this.#equal + 1 : 1;
    this.#last = token;
    if (this.#pages < MAX_PAGES && this.#equal < MAX_EQUAL_TOKENS) return;
    throw new KubeError(
      `Cannot list ${this.#ref.resource}: the server continues without an end, ${this.#pages} pages`,
    );
  }
}
