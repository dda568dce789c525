/** Limits on what a request may look like (serve-config.md 14.13). */

/** Request line and headers together, in characters. */
export const MAX_HEADER_CHARS = 16 * 1024;

/** Room for `GET  HTTP/1.1` and for `: ` and the line break of each header. */
const PER_LINE_CHARS = 4;

/** Whether request line and headers are within the limit. */
export function withinHeaderLimit(request: Request): boolean {
  let chars = request.url.length;
  for (const [name, value] of request.headers) {
    chars += name.length + value.length + PER_LINE_CHARS;
    if (chars > MAX_HEADER_CHARS) return false;
  }
  return chars <= MAX_HEADER_CHARS;
}
