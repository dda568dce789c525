/** One object as server-sent events (serve-config.md 14.7): its hash now and at each change. */

import { requestTarget } from "#lib/http/request_target.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { WatchedAnswer, WatchedKey } from "./watch.ts";
import type { Generations } from "./generations.ts";

/** What a stream needs. */
export interface StreamDeps {
  readonly generations: Generations;
  readonly clock: Clock;
  readonly stopping: AbortSignal;
}

const PING_MS = 15_000;
/** A client that leaves more than this unread is cut off. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** Answers with the stream, or with the failure when the object cannot be had now. */
export async function createStream(
  request: Request,
  watched: WatchedKey,
  { generations, clock, stopping }: StreamDeps,
): Promise<Response> {
  let changed = Promise.withResolvers<void>();
  const subscription = generations.subscribe(watched.key, () => changed.resolve());
  // Validators and encodings of the stream's own request are not about the object.
  const asked = new Request("http://stream/", { signal: request.signal });
  const first = await watched.answer(asked);
  if (!first.response.ok) {
    subscription[Symbol.dispose]();
    return first.response;
  }
  const withBody = new URLSearchParams(requestTarget(request.url).query).get("body") === "1";
  const gone = new AbortController();
  const signal = AbortSignal.any([request.signal, stopping, gone.signal]);
  const encoder = new TextEncoder();

  async function run(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const send = (text: string) => {
      if ((controller.desiredSize ?? 0) <= 0) throw new Error("The client reads too slowly");
      controller.enqueue(encoder.encode(text));
    };
    let last = request.headers.get("last-event-id") ?? "";
    let answer = first;
    while (!signal.aborted) {
      const { response } = answer;
      const hash = hashOf(response);
      // An object that is gone, or cannot be had, is no change that a client could use.
      if (response.ok && hash !== last) {
        last = hash;
        send(await frame(answer, { hash, withBody }));
      } else await response.body?.cancel();
      const waited = await waitFor(changed.promise, { clock, signal });
      if (waited === "stopped") break;
      if (waited === "quiet") send(": still here\n\n");
      else changed = Promise.withResolvers<void>();
      // Asked for when it is quiet too: where nobody tells of changes, the end of its life shows them.
      answer = await watched.answer(asked);
    }
    controller.close();
  }

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      run(controller).catch((error) => {
        // Cancelled streams cannot be told any more.
        if (!gone.signal.aborted) controller.error(error);
      }).finally(() => subscription[Symbol.dispose]());
    },
    cancel: () => gone.abort(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_QUEUED_BYTES }));
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    },
  });
}

async function waitFor(
  changed: Promise<void>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<"changed" | "quiet" | "stopped"> {
  const end = new AbortController();
  const quiet = sleep(PING_MS, { clock, signal: AbortSignal.any([signal, end.signal]) }).then(
    () => "quiet" as const,
    () => "stopped" as const,
  );
  try {
    return await Promise.race([changed.then(() => "changed" as const), quiet]);
  } finally {
    end.abort();
  }
}

function hashOf({ headers }: Response): string {
  return (headers.get("etag") ?? "").replace(/^"|(?:-gzip)?"$/g, "");
}

async function frame(
  { response, version }: WatchedAnswer,
  { hash, withBody }: { readonly hash: string; readonly withBody: boolean },
): Promise<string> {
  const body = withBody ? { body: new Uint8Array(await response.arrayBuffer()).toBase64() } : {};
  if (!withBody) await response.body?.cancel();
  const data = JSON.stringify({ etag: hash, version, ...body });
  return `event: config\nid: ${hash}\ndata: ${data}\n\n`;
}
