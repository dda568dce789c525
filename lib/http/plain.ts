/** Short text answers, the same everywhere. */

/** Headers of every short text answer: a configuration server must not be a script host. */
const HEADERS = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
};

/** A short text answer, 200 by default. */
export function plain(text: string, { status = 200 }: { readonly status?: number } = {}): Response {
  return new Response(text, { status, headers: HEADERS });
}

/** Go's answer for an unknown path, without the line break. */
export function notFound(): Response {
  return plain("404 page not found", { status: 404 });
}
