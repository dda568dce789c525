/**
 * Objects of an HTTP server (serve-config.md 4.1). The key becomes the path, encoded exactly once; nothing of
 * the client's request is passed on.
 */

import { describeError } from "#lib/log/redact.ts";
import type { LoadOutcome, Upstream } from "./upstream.ts";

/** Which server, and how much of an answer is taken. */
export interface HttpUpstreamOptions {
  readonly base: URL;
  /** Sent to the server of `base` and, on a redirect, to no other. */
  readonly authorization: string | undefined;
  readonly maxObjectBytes: number;
}

/** The part of `fetch` that is needed. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** Redirects that are followed; the next one is a failure. */
const MAX_REDIRECTS = 9;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Makes the backend of an HTTP URL. */
export function createHttpUpstream(
  { base, authorization, maxObjectBytes }: HttpUpstreamOptions,
  { fetch }: { readonly fetch: Fetch },
): Upstream {
  async function ask(key: string, signal: AbortSignal): Promise<Response | LoadOutcome> {
    let url = objectUrl(base, key);
    for (let followed = 0; followed <= MAX_REDIRECTS; followed++) {
      const isOwn = url.origin === base.origin;
      const response = await fetch(url, {
        headers: authorization !== undefined && isOwn ? { authorization } : {},
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
    async load(key, signal) {
      try {
        const answer = await ask(key, signal);
        return answer instanceof Response ? await outcomeOf(answer, maxObjectBytes) : answer;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        // "fetch failed" alone says nothing; the reason is among the causes.
        return failure(error instanceof Error ? describeError(error) : String(error));
      }
    },
    // A server does not tell of changes; time to live and refreshes do.
    watch: () => Promise.resolve({ finished: Promise.resolve() }),
  };
}

function failure(reason: string): LoadOutcome {
  return { kind: "failed", status: 0, reason };
}

/**
 * Path of the base, a slash, the key: duplicate slashes collapsed, a trailing slash and the query of the base
 * kept. Keys have no dot segments (`key.ts`).
 */
export function objectUrl(base: URL, key: string): URL {
  const url = new URL(base);
  const encoded = key.split("/").map(encodeSegment).join("/");
  url.pathname = `${base.pathname}/${encoded}`.replace(/\/{2,}/g, "/");
  return url;
}

/** As Go encodes a path: unreserved characters and `$&+,:;=@` stay, everything else is escaped. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment)
    .replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent)
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function outcomeOf(response: Response, maxObjectBytes: number): Promise<LoadOutcome> {
  const { status } = response;
  if (status < 200 || status > 299) {
    await response.body?.cancel();
    if (status === 404) return { kind: "missing" };
    return { kind: "failed", status, reason: `The backend answered ${status}` };
  }
  const bytes = await readUpTo(response, maxObjectBytes);
  return bytes === undefined ? { kind: "too-large" } : { kind: "found", bytes };
}

/** The whole body, or `undefined` as soon as it is larger than `limit`; the rest is not read. */
async function readUpTo(
  response: Response,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the body.
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
