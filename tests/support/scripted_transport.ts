/**
 * A transport without a network: each request is answered by a function, and open streams are written by
 * hand. With a manual clock it makes faults and waits exact; what needs sockets is tested elsewhere.
 */

import { TransportError, type TransportErrorKind } from "#lib/kube/errors.ts";
import type {
  HeaderValues,
  Transport,
  TransportRequest,
  TransportResponse,
} from "#lib/kube/transport/contract.ts";
import type { Clock } from "#lib/run/clock.ts";

/** A request as it was seen. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: HeaderValues;
  readonly body: string | undefined;
  /** Monotonic time of the test's clock. */
  readonly atMs: number;
}

/** What to answer; `error` fails the request before its headers, a promise delays them. */
export interface Answer {
  readonly status?: number;
  readonly headers?: HeaderValues;
  readonly body?: string | ScriptedStream;
  readonly error?: TransportErrorKind;
  readonly protocol?: string;
}

/** An answer as JSON. */
export function json(body: unknown, status = 200, headers: HeaderValues = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
}

/** A body that is written while it is read. */
export class ScriptedStream {
  readonly #chunks: Uint8Array[] = [];
  #end: { readonly error?: TransportError } | undefined;
  #wake: () => void = () => {};
  /** Whether the client has given the stream up. */
  cancelled = false;

  /** Bytes that nobody has read yet. */
  get unread(): number {
    return this.#chunks.length;
  }

  /** Whether it can still be written. */
  get isOpen(): boolean {
    return this.#end === undefined;
  }

  write(chunk: string | Uint8Array): void {
    this.#chunks.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
    this.#wake();
  }

  /** Ends cleanly, or as a broken connection would. */
  end(kind?: TransportErrorKind): void {
    const error = kind && new TransportError(kind, `scripted ${kind}`, { headersSeen: true });
    this.#end ??= error === undefined ? {} : { error };
    this.#wake();
  }

  async *read(): AsyncGenerator<readonly Uint8Array[], void, void> {
    try {
      while (true) {
        // One at a time, so that a test sees how many its reader has taken.
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) yield [chunk];
        else if (this.#end !== undefined) break;
        else await new Promise<void>((resolve) => this.#wake = resolve);
      }
      if (this.#end?.error !== undefined) throw this.#end.error;
    } finally {
      if (this.#end === undefined) this.end("aborted");
      this.cancelled = true;
    }
  }
}

/** The transport. */
export class ScriptedTransport implements Transport {
  readonly requests: SeenRequest[] = [];
  readonly recycles: string[] = [];
  readonly #clock: Clock;
  readonly #answer: (request: SeenRequest) => Answer | Promise<Answer>;

  constructor(clock: Clock, answer: (request: SeenRequest) => Answer | Promise<Answer>) {
    this.#clock = clock;
    this.#answer = answer;
  }

  async request(init: TransportRequest): Promise<TransportResponse> {
    const url = new URL(init.path, "http://test");
    const request: SeenRequest = {
      method: init.method,
      path: url.pathname,
      query: url.searchParams,
      headers: init.headers ?? {},
      body: typeof init.body === "string" ? init.body : undefined,
      atMs: this.#clock.monotonic(),
    };
    this.requests.push(request);
    const answer = await this.#settle(init, this.#answer(request));
    if (answer.error !== undefined) {
      throw new TransportError(answer.error, `scripted ${answer.error}`);
    }
    const stream = toStream(answer.body);
    const onAbort = () => stream.end("aborted");
    init.signal?.addEventListener("abort", onAbort, { once: true });
    return {
      status: answer.status ?? 200,
      headers: { "content-type": "application/json", ...answer.headers },
      protocol: answer.protocol ?? "h2",
      body: stream.read(),
      async bytes() {
        const parts: Uint8Array<ArrayBuffer>[] = [];
        for await (const pieces of stream.read()) {
          for (const piece of pieces) parts.push(piece.slice());
        }
        return new Uint8Array(await new Blob(parts).arrayBuffer());
      },
      cancel() {
        stream.cancelled = true;
        stream.end("aborted");
      },
    };
  }

  recycle(reason: string): void {
    this.recycles.push(reason);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  // As the real one: headers in time, or not at all.
  #settle(init: TransportRequest, answer: Answer | Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = (kind: TransportErrorKind) => {
        timer?.cancel();
        reject(new TransportError(kind, `scripted ${kind}`));
      };
      const timer = (init.timeoutMs ?? 0) > 0
        ? this.#clock.timer(() => fail("timeout"), init.timeoutMs ?? 0)
        : undefined;
      if (init.signal?.aborted) return fail("aborted");
      init.signal?.addEventListener("abort", () => fail("aborted"), { once: true });
      Promise.resolve(answer).then(resolve, reject).finally(() => timer?.cancel());
    });
  }
}

function toStream(body: string | ScriptedStream | undefined): ScriptedStream {
  if (body instanceof ScriptedStream) return body;
  const stream = new ScriptedStream();
  if (body !== undefined && body !== "") stream.write(body);
  stream.end();
  return stream;
}
