/** Entity tags of HTTP: whether the client has what it asks for. */

/**
 * Whether `If-None-Match` names the tag, or anything: a list or `*`, compared weakly, because a proxy that compresses
 * makes tags weak (RFC 9110, 13.1.2).
 *
 * @param ifNoneMatch the header's text
 * @param etag a strong tag, with its quotes
 */
export function namesTag(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(",").some((candidate) => {
    const tag = candidate.trim();
    return tag === "*" || tag === etag || tag === `W/${etag}`;
  });
}
