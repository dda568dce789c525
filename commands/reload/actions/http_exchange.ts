/**
 * One HTTP/1.1 request on a connection of its own, and its answer (RFC 9112). Nothing is kept alive, nothing is
 * pooled: a reload is rare, and the runtime's Node layer would cost its process a fifth of its memory for it.
 */

import { joinBytes } from "#lib/collections/join_bytes.ts";

/** What goes out, in the order in which it is written. */
export interface ExchangeRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
}

/** What comes back. */
export interface ExchangeAnswer {
  readonly status: number;
  readonly location: string | undefined;
  /** The body, cut at 64 KiB. */
  readonly text: string;
}

/** The part of a connection that is used. */
export type ExchangeConnection = Pick<Deno.Conn, "read" | "write">;

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_KEPT_BYTES = 64 * 1024;
const ENCODER = new TextEncoder();

/**
 * Sends the request and reads the answer to its end.
 *
 * @throws {Error} when the answer is no HTTP or ends early
 */
export async function exchange(
  connection: ExchangeConnection,
  { method, target, headers, body }: ExchangeRequest,
): Promise<ExchangeAnswer> {
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = ENCODER.encode(`${method} ${target} HTTP/1.1\r\n${fields}\r\n`);
  await writeAll(connection, body === undefined ? head : joinBytes([head, body]));
  const reader = new AnswerReader(connection);
  const answer = await readHead(reader);
  const kept = new KeptBytes();
  if (method !== "HEAD" && answer.status !== 204 && answer.status !== 304) {
    await readBody(reader, answer.headers, kept);
  }
  return {
    status: answer.status,
    location: answer.headers.get("location"),
    text: new TextDecoder().decode(joinBytes(kept.chunks)),
  };
}

interface AnswerHead {
  readonly status: number;
  /** Lower-case name → first value. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Head of the final answer; interim ones are passed over. */
async function readHead(reader: AnswerReader): Promise<AnswerHead> {
  while (true) {
    const [, digits] = /^HTTP\/1\.\d (\d{3})(?: |$)/.exec(await reader.line()) ?? [];
    if (digits === undefined) throw new Error("the answer is no HTTP/1.1");
    const headers = new Map<string, string>();
    for (let line = await reader.line(); line !== ""; line = await reader.line()) {
      const colon = line.indexOf(":");
      const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
      if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
    }
    const status = Number(digits);
    if (status >= 200 || status === 101) return { status, headers };
  }
}

/** By chunks, by length, or until the end of the connection (RFC 9112 6.3). */
async function readBody(
  reader: AnswerReader,
  headers: AnswerHead["headers"],
  kept: KeptBytes,
): Promise<void> {
  if (/(?:^|,\s*)chunked$/i.test(headers.get("transfer-encoding") ?? "")) {
    while (true) {
      const [digits] = /^[0-9a-f]{1,12}(?=[\s;]|$)/i.exec(await reader.line()) ?? [];
      if (digits === undefined) throw new Error("the answer's chunks have no length");
      const length = Number.parseInt(digits, 16);
      if (length === 0) break;
      await reader.take(length, kept);
      await reader.line();
    }
    // Trailers are nobody's business.
    while (await reader.line() !== "");
    return;
  }
  const length = headers.get("content-length");
  if (length === undefined) return await reader.takeRest(kept);
  if (!/^\d+$/.test(length)) throw new Error(`the answer has the length "${length}"`);
  await reader.take(Number(length), kept);
}

/** The beginning of a body. */
class KeptBytes {
  readonly chunks: Uint8Array[] = [];
  #length = 0;

  add(bytes: Uint8Array): void {
    const rest = bytes.slice(0, MAX_KEPT_BYTES - this.#length);
    if (rest.length === 0) return;
    this.chunks.push(rest);
    this.#length += rest.length;
  }
}

/** Bytes of the connection in order, by line and by length. */
class AnswerReader {
  readonly #connection: ExchangeConnection;
  readonly #buffer = new Uint8Array(8 * 1024);
  #start = 0;
  #end = 0;
  #headBytes = 0;

  constructor(connection: ExchangeConnection) {
    this.#connection = connection;
  }

  /** The next line without its end. @throws {Error} when there is none, or heads grow without bound */
  async line(): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    while (true) {
      await this.#need();
      const newline = this.#buffer.subarray(this.#start, this.#end).indexOf(0x0a);
      const end = newline < 0 ? this.#end : this.#start + newline + 1;
      text += decoder.decode(this.#buffer.subarray(this.#start, end), { stream: true });
      this.#headBytes += end - this.#start;
      this.#start = end;
      if (newline >= 0) return text.replace(/\r?\n$/, "");
      if (this.#headBytes > MAX_HEAD_BYTES) throw new Error("the answer's head is too long");
    }
  }

  /** Exactly `length` bytes. */
  async take(length: number, kept: KeptBytes): Promise<void> {
    for (let left = length; left > 0;) {
      await this.#need();
      const bytes = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + left));
      kept.add(bytes);
      this.#start += bytes.length;
      left -= bytes.length;
    }
    // What frames a chunk is no part of the head.
    this.#headBytes = 0;
  }

  /** All that comes until the other side ends. */
  async takeRest(kept: KeptBytes): Promise<void> {
    while (this.#start < this.#end || await this.#fill()) {
      kept.add(this.#buffer.subarray(this.#start, this.#end));
      this.#start = this.#end;
    }
  }

  async #need(): Promise<void> {
    if (this.#start < this.#end) return;
    if (!await this.#fill()) throw new Error("the answer ended early");
  }

  async #fill(): Promise<boolean> {
    this.#start = 0;
    this.#end = await this.#connection.read(this.#buffer) ?? 0;
    return this.#end > 0;
  }
}

async function writeAll(connection: ExchangeConnection, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
}
