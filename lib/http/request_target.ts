/**
 * The request target as the client sent it. `Deno.serve` puts scheme and Host in front of it and leaves it
 * alone otherwise; `new URL()` would resolve dot segments, which must not happen before they are refused.
 */

/** Path and query exactly as sent, still percent-encoded. */
export interface RequestTarget {
  /** Begins with `/`; empty for `CONNECT`. */
  readonly path: string;
  /** Without the `?`; `undefined` when there is none. */
  readonly query: string | undefined;
}

/** Takes the target out of `request.url`. */
export function requestTarget(url: string): RequestTarget {
  const authority = url.indexOf("//") + 2;
  const start = url.indexOf("/", authority);
  if (start < 0) return { path: "", query: undefined };
  const fragment = url.indexOf("#", start);
  const end = fragment < 0 ? url.length : fragment;
  const question = url.indexOf("?", start);
  if (question < 0 || question > end) return { path: url.slice(start, end), query: undefined };
  return { path: url.slice(start, question), query: url.slice(question + 1, end) };
}
