/**
 * A load generator: keep-alive connections that send the next request when the answer is complete. Written
 * by hand over TCP, because `fetch` would be the bottleneck.
 */

/** What to send where. */
export interface HammerOptions {
  readonly port: number;
  /** Paths, taken in turn by each connection. */
  readonly paths: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  /** Further header lines, each ended by a line break. */
  readonly headers?: string;
}

/** Sends until the time is over. */
export async function hammer(
  { port, paths, connections, seconds, headers = "" }: HammerOptions,
): Promise<{ readonly requests: number; readonly seconds: number }> {
  const startedAt = performance.now();
  const deadline = startedAt + seconds * 1000;
  const encoder = new TextEncoder();
  const messages = paths.map((path) =>
    encoder.encode(`GET ${path} HTTP/1.1\r\nHost: bench\r\n${headers}\r\n`)
  );
  const counts = await Promise.all(
    Array.from(
      { length: connections },
      (_, index) => worker({ port, messages, first: index, deadline }),
    ),
  );
  const requests = counts.reduce((sum, count) => sum + count, 0);
  return { requests, seconds: (performance.now() - startedAt) / 1000 };
}

interface WorkerOptions {
  readonly port: number;
  readonly messages: readonly Uint8Array[];
  readonly first: number;
  readonly deadline: number;
}

async function worker({ port, messages, first, deadline }: WorkerOptions): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(64 * 1024);
  let count = 0;
  for (let next = first * 7919; performance.now() < deadline; next++) {
    await connection.write(messages[next % messages.length] ?? new Uint8Array());
    await readAnswer(connection, buffer);
    count += 1;
  }
  return count;
}

/** Reads one answer with a Content-Length to its end. */
async function readAnswer(connection: Deno.TcpConn, buffer: Uint8Array): Promise<void> {
  let length = 0;
  let end = -1;
  while (true) {
    const count = await connection.read(buffer.subarray(length));
    if (count === null) throw new Error("The server closed the connection");
    length += count;
    if (end < 0) end = answerEnd(buffer.subarray(0, length));
    if (end >= 0 && length >= end) return;
  }
}

const LENGTH = [..."content-length: "].map((letter) => letter.charCodeAt(0));

/** Where the answer ends, or -1 while its headers are incomplete. */
function answerEnd(bytes: Uint8Array): number {
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] !== 13 || bytes[i + 2] !== 13) continue;
    return i + 4 + contentLength(bytes.subarray(0, i));
  }
  return -1;
}

function contentLength(head: Uint8Array): number {
  for (let i = 0; i < head.length - LENGTH.length; i++) {
    if (LENGTH.some((letter, offset) => head[i + offset] !== letter)) continue;
    let value = 0;
    for (let at = i + LENGTH.length; (head[at] ?? 0) >= 48; at++) {
      value = value * 10 + (head[at] ?? 0) - 48;
    }
    return value;
  }
  return 0;
}
