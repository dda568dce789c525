/** A handler for listeners that know a handful of exact paths: health, metrics, admin. */

import type { Handler } from "./server.ts";
import { notFound } from "./plain.ts";
import { requestTarget } from "./request_target.ts";

/** Handlers by exact path; GET and HEAD reach them, everything else is 404. */
export type ExactRoutes = Readonly<
  Record<string, (request: Request) => Response | Promise<Response>>
>;

/** Serves `routes`. A HEAD answer is the GET answer without its body. */
export function exactRoutes(routes: ExactRoutes): Handler {
  const table = new Map(Object.entries(routes));
  return async (request) => {
    const route = table.get(requestTarget(request.url).path);
    const isHead = request.method === "HEAD";
    if (route === undefined || (request.method !== "GET" && !isHead)) return notFound();
    const response = await route(request);
    if (!isHead) return response;
    const length = (await response.arrayBuffer()).byteLength;
    const headers = new Headers(response.headers);
    headers.set("content-length", String(length));
    return new Response(null, { status: response.status, headers });
  };
}
