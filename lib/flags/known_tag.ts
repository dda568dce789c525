/** Conditional requests: whether the client has what it asks for. */

/** Whether `If-None-Match` names the tag, or anything; a proxy that compresses makes tags weak (RFC 9110, 13.1.2). */
export function isKnownTag(request: Request, etag: string): boolean {
  const tags = request.headers.get("if-none-match")?.split(",") ?? [];
  return tags.map((tag) => tag.trim().replace(/^W\//, "")).some((tag) =>
    tag === etag || tag === "*"
  );
}
