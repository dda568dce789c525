/** HTTPS to a target whose certificate nobody verifies: the runtime's own TLS cannot do without, Node's can. */

import { request as httpsRequest } from "node:https";
import type { ExchangeAnswer, ExchangeRequest } from "./http_exchange.ts";

const MAX_KEPT_BYTES = 64 * 1024;

/**
 * Sends the request to a host and port.
 *
 * @throws {Error} when there is no answer
 */
export function sendUnverified(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  { method, target, headers, body }: ExchangeRequest,
  signal: AbortSignal,
): Promise<ExchangeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ExchangeAnswer>();
  const outgoing = httpsRequest({
    ...{ host: hostname, port, path: target, method, agent: false, signal },
    headers: Object.fromEntries(headers),
    rejectUnauthorized: false,
  }, (incoming) => {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    incoming.on("data", (chunk: Uint8Array<ArrayBuffer>) => {
      if (length < MAX_KEPT_BYTES) chunks.push(chunk);
      length += chunk.length;
    });
    incoming.on("error", reject);
    incoming.on("end", async () => {
      const text = (await new Blob(chunks).text()).slice(0, MAX_KEPT_BYTES);
      resolve({ status: incoming.statusCode ?? 0, location: incoming.headers.location, text });
    });
  });
  outgoing.on("error", reject);
  outgoing.end(body);
  return promise;
}
