/**
 * Objects of an HTTP server (serve-config.md 4.1). The key becomes the path, encoded exactly once; of the
 * client's request only what is part of the key is passed on.
 */

import { readBody } from "#lib/http/read_body.ts";
import { describeError, redactText } from "#lib/log/redact.ts";
import type { Validators } from "../cache/entry.ts";
import { splitKey } from "../requests/forward.ts";
import type { LoadOutcome, LoadRequest, Upstream } from "./upstream.ts";

/** Which server, and how much of an answer is taken. */
export interface HttpUpstreamOptions {
  readonly base: URL;
  /** Sent to the server of `base` and, on a redirect, to no other. */
  readonly authorization: string | undefined;
  readonly maxObjectBytes: number;
  /** Answer with the server's own content type; off by default. */
  readonly keepContentType?: boolean;
}

/** The part of `fetch` that is needed. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** Redirects that are followed; the next one is a failure. */
const MAX_REDIRECTS = 9;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Makes the backend of an HTTP URL; `traceHeaders` are those of the trace that a load belongs to. */
export function createHttpUpstream(
  { base, authorization, maxObjectBytes, keepContentType = false }: HttpUpstreamOptions,
  { fetch, traceHeaders }: {
    readonly fetch: Fetch;
    readonly traceHeaders?: (() => Readonly<Record<string, string>>) | undefined;
  },
): Upstream {
  async function ask(
    key: string,
    signal: AbortSignal,
    { headers = [], validators = {} }: LoadRequest,
  ): Promise<Response | LoadOutcome> {
    let url = objectUrl(base, key);
    for (let followed = 0; followed <= MAX_REDIRECTS; followed++) {
      const isOwn = url.origin === base.origin;
      const response = await fetch(url, {
        headers: {
          ...traceHeaders?.(),
          ...conditions(validators),
          ...(authorization !== undefined && isOwn && { authorization }),
          ...(isOwn && Object.fromEntries(headers)),
        },
        redirect: "manual",
        signal,
      });
      const location = response.headers.get("location");
      if (!REDIRECTS.has(response.status) || location === null) return response;
      await response.body?.cancel();
      const target = URL.parse(location, url);
      if (target === null || !/^https?:$/.test(target.protocol)) {
        return failure(`redirected to "${location}"`);
      }
      url = target;
    }
    return failure(`more than ${MAX_REDIRECTS} redirects`);
  }

  return {
    kind: "http",
    async load(key, signal, request = {}) {
      try {
        const answer = await ask(key, signal, request);
        if (!(answer instanceof Response)) return answer;
        const isKnown = request.validators !== undefined;
        return await outcomeOf(answer, { maxObjectBytes, keepContentType, isKnown });
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        // "fetch failed" alone says nothing; the reason is among the causes. It names the URL, and peers get it.
        return failure(redactText(error instanceof Error ? describeError(error) : String(error)));
      }
    },
    // A server does not tell of changes; time to live and refreshes do.
    watch: () => Promise.resolve({ finished: Promise.resolve() }),
  };
}

function failure(reason: string): LoadOutcome {
  return { kind: "failed", status: 0, reason };
}

/** What asks the server to answer only when the object changed. */
function conditions({ etag, lastModified }: Validators): Record<string, string> {
  return {
    ...(etag !== undefined && { "if-none-match": etag }),
    ...(lastModified !== undefined && { "if-modified-since": lastModified }),
  };
}

/**
 * Path of the base, a slash, the key: duplicate slashes collapsed, a trailing slash and the query of the base
 * kept, that of the key behind it. Keys have no dot segments (`key.ts`).
 */
export function objectUrl(base: URL, key: string): URL {
  const url = new URL(base);
  const { path, query } = splitKey(key);
  const encoded = path.split("/").map(encodeSegment).join("/");
  url.pathname = `${base.pathname}/${encoded}`.replace(/\/{2,}/g, "/");
  if (query !== "") url.search = base.search === "" ? query : `${base.search}&${query}`;
  return url;
}

/** As Go encodes a path: unreserved characters and `$&+,:;=@` stay, everything else is escaped. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment)
    .replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent)
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

const NOT_MODIFIED = 304;

async function outcomeOf(
  response: Response,
  { maxObjectBytes, keepContentType, isKnown }: {
    readonly maxObjectBytes: number;
    readonly keepContentType: boolean;
    readonly isKnown: boolean;
  },
): Promise<LoadOutcome> {
  const { status, headers } = response;
  if (status < 200 || status > 299) {
    await response.body?.cancel();
    if (status === NOT_MODIFIED && isKnown) return { kind: "unchanged" };
    if (status === 404) return { kind: "missing" };
    return { kind: "failed", status, reason: `The backend answered ${status}` };
  }
  const bytes = await readBody(response, maxObjectBytes);
  if (bytes === undefined) return { kind: "too-large" };
  const contentType = keepContentType ? headers.get("content-type") ?? undefined : undefined;
  return { kind: "found", bytes, contentType, validators: validatorsOf(headers) };
}

function validatorsOf(headers: Headers): Validators | undefined {
  const etag = headers.get("etag") ?? undefined;
  const lastModified = headers.get("last-modified") ?? undefined;
  return etag === undefined && lastModified === undefined ? undefined : { etag, lastModified };
}
