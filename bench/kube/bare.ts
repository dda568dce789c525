/** The baseline: `node:http2` with what a hurried program would write, and no recovery from anything. */

import { type ClientHttp2Session, connect } from "node:http2";
import { gunzip } from "node:zlib";
import { promisify } from "node:util";

const unzip = promisify(gunzip);

/** Where to. */
export interface Target {
  readonly url: string;
  readonly caPem: string;
  readonly token?: string | undefined;
}

/** A connection. */
export class Bare {
  readonly #session: ClientHttp2Session;
  readonly #headers: Record<string, string>;

  constructor({ url, caPem, token }: Target) {
    const settings = { initialWindowSize: 1024 * 1024, maxFrameSize: 1024 * 1024 };
    this.#session = connect(url, { ca: caPem, settings });
    this.#session.once("connect", () => this.#session.setLocalWindowSize(8 * 1024 * 1024));
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** One request, its answer parsed. */
  async json(path: string, init: {
    readonly method?: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {}): Promise<Record<string, unknown>> {
    const stream = this.#session.request({
      ":method": init.method ?? "GET",
      ":path": path,
      ...this.#headers,
      ...init.headers,
    }, { endStream: init.body === undefined });
    if (init.body !== undefined) stream.end(init.body);
    let isZipped = false;
    stream.once("response", (headers) => isZipped = headers["content-encoding"] === "gzip");
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : join(chunks);
    return JSON.parse(new TextDecoder().decode(isZipped ? await unzip(bytes) : bytes));
  }

  /** Splits the stream into lines, parses each and hands it on until `isEnough`. */
  async watch(path: string, isEnough: (event: WatchLine) => boolean): Promise<void> {
    const stream = this.#session.request({ ":path": path, ...this.#headers });
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (isEnough(JSON.parse(line))) return;
    }
  }

  close(): void {
    this.#session.destroy();
  }
}

/** A parsed line. */
export interface WatchLine {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name: string; readonly resourceVersion: string };
    readonly data?: Readonly<Record<string, string>>;
  };
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
