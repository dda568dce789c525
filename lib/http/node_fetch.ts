/** A GET through `node:http` and `node:https` in the clothes of `fetch`. Load it only where it is wanted. */

import http from "node:http";
import type { IncomingMessage } from "node:http";
import https from "node:https";

const NO_BODY = new Set([204, 205, 304]);

/**
 * Asks without a body and follows no redirect; gzip is accepted and decoded.
 *
 * @throws {Error} when there is no answer, or the reason of the signal
 */
export async function fetchByNode(
  url: URL,
  { headers, signal }: Pick<RequestInit, "headers" | "signal">,
): Promise<Response> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { request } = url.protocol === "https:" ? https : http;
  const outgoing = request(url, {
    agent: false,
    headers: { "accept-encoding": "gzip", ...Object.fromEntries(new Headers(headers)) },
  });
  const onAbort = () => {
    reject(signal?.reason);
    outgoing.destroy();
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  outgoing.on("response", resolve);
  outgoing.on("error", reject);
  outgoing.end();
  const incoming = await promise;
  const end = () => signal?.removeEventListener("abort", onAbort);
  return responseOf(incoming, end);
}

function responseOf(incoming: IncomingMessage, onEnd: () => void): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
  }
  const status = incoming.statusCode ?? 0;
  if (NO_BODY.has(status)) {
    incoming.resume();
    onEnd();
    return new Response(null, { status, headers });
  }
  const isPacked = headers.get("content-encoding")?.toLowerCase() === "gzip";
  if (isPacked) { for (const name of ["content-encoding", "content-length"]) headers.delete(name); }
  const body = bytesOf(incoming, onEnd);
  return new Response(
    isPacked ? body.pipeThrough(new DecompressionStream("gzip")) : body,
    { status, headers },
  );
}

/** The bytes as they come; one that ends early is an error. */
function bytesOf(
  incoming: IncomingMessage,
  onEnd: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  async function* read(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      for await (const chunk of incoming as AsyncIterable<Uint8Array>) yield new Uint8Array(chunk);
      if (!incoming.complete) throw new Error("The answer was cut off");
    } finally {
      onEnd();
      incoming.destroy();
    }
  }
  return ReadableStream.from(read());
}
