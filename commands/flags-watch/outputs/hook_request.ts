/**
 * A request as a hook (flags-watch.md 8.3). `fetch` sends loopback through proxies and refuses the web's blocked
 * ports, so such targets go through the plain client of the runtime's Node layer, loaded for them alone.
 */

import type { HookEvent } from "./hook_event.ts";

/** Where to send. */
export interface HookTarget {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
}

/**
 * Sends an event.
 *
 * @throws {Error} when the server cannot be reached or answers other than 2xx; the signal's reason when aborted
 */
export async function sendRequest(
  target: HookTarget,
  event: HookEvent,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  // One name in two spellings is one header.
  const all = new Headers(target.headers.map(([name, value]) => [name, value]));
  all.set("content-type", "application/json");
  all.set("x-kcfg-flags-checksum", event.checksum);
  const headers = Object.fromEntries(all);
  const body = JSON.stringify(event);
  const status = needsPlainClient(new URL(target.url))
    ? await sendPlainly({ ...target, headers, body }, signal)
    : await send({ ...target, headers, body }, signal);
  if (status < 200 || status > 299) throw new Error(`Hook target answered with status ${status}`);
}

interface Outgoing {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Whether a URL is loopback or its port may be one that `fetch` refuses. */
export function needsPlainClient({ hostname, port }: URL): boolean {
  const isLoopback = hostname === "localhost" || hostname.endsWith(".localhost") ||
    hostname === "[::1]" || /^127\./.test(hostname);
  return isLoopback || port !== "" && port !== "80" && port !== "443" && port !== "8080" &&
      port !== "8443";
}

async function send({ url, ...request }: Outgoing, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, { ...request, redirect: "manual", signal });
  await response.body?.cancel();
  return response.status;
}

async function sendPlainly(
  { url, method, headers, body }: Outgoing,
  signal: AbortSignal,
): Promise<number> {
  const isTls = url.startsWith("https:");
  const { request } = isTls ? await import("node:https") : await import("node:http");
  return await new Promise<number>((resolve, reject) => {
    const bytes = new TextEncoder().encode(body);
    const outgoing = request(url, {
      method,
      headers: { ...headers, "content-length": bytes.length },
      agent: false,
      signal,
    }, (response) => {
      response.on("error", reject);
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    outgoing.on("error", reject);
    outgoing.end(bytes);
  });
}
