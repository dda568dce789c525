/** Short text answers, the same everywhere. */

/** Headers of every short text answer: a configuration server must not be a script host. */
const HEADERS = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
};

const ENCODER = new TextEncoder();

/** A short text answer, 200 by default, that knows its length. */
export function plain(text: string, { status = 200 }: { readonly status?: number } = {}): Response {
  const body = ENCODER.encode(text);
  const headers = { ...HEADERS, "content-length": String(body.length) };
  return new Response(body, { status, headers });
}

/** Go's answer for an unknown path, without the line break. */
export function notFound(): Response {
  return plain("404 page not found", { status: 404 });
}
