/** What clients of the application listener get in place of an object (serve-config.md 3.1, 14.13). */

import { plain } from "#lib/http/plain.ts";
import type { LoadFailure } from "../upstream/upstream.ts";

/** The answer for a load that gave no object. */
export function answerFailure(failure: LoadFailure): Response {
  switch (failure.kind) {
    case "missing":
      return plain("not found", { status: 404 });
    case "too-large":
      return plain("backend object too large", { status: 502 });
    case "rejected":
      return rejected(failure);
    case "failed":
      return plain(`error status from backend: ${failure.status}`, { status: 502 });
  }
}

function rejected(
  { body, status, contentType }: LoadFailure & { readonly kind: "rejected" },
): Response {
  const bytes = new TextEncoder().encode(body);
  return new Response(bytes, {
    status,
    headers: {
      "content-type": contentType,
      "content-length": String(bytes.length),
      "x-content-type-options": "nosniff",
    },
  });
}

/** The answer to whoever comes while too many wait. */
export function tooBusy(): Response {
  const response = plain("too many requests in flight", { status: 503 });
  response.headers.set("retry-after", "1");
  return response;
}
