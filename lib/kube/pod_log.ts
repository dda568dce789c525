/** The log of a pod as a stream of bytes or of lines. */

import type { LogOptions, LogStream } from "./contract.ts";
import { type Requester, subjectOf, wrapTransportError } from "./requester.ts";
import { readLines } from "./transport/read_lines.ts";
import type { ResourceRef } from "./types.ts";

const MAX_LINE_BYTES = 1024 * 1024;
const HEADERS_TIMEOUT_MS = 60_000;

/** Opens the log `ref` names (`pods/log`). @throws {KubeError} */
export async function openLog(
  requester: Requester,
  ref: ResourceRef,
  options: LogOptions,
): Promise<LogStream> {
  const { signal, timeoutMs, headers, expectWarnings, ...query } = options;
  const request = {
    target: { ref, verb: "get" },
    method: "GET",
    stream: true,
    accept: "*/*",
    query,
    options: { signal, timeoutMs: timeoutMs ?? HEADERS_TIMEOUT_MS, headers, expectWarnings },
  } as const;
  const response = await requester.send(request);
  const pieces = explained(response.body, (error) => {
    return wrapTransportError(error, subjectOf(request), signal);
  });
  return { bytes: oneByOne(pieces), lines: linesOf(pieces), cancel: () => response.cancel() };
}

async function* explained(
  body: AsyncIterable<readonly Uint8Array[]>,
  explain: (error: unknown) => unknown,
): AsyncGenerator<readonly Uint8Array[], void, void> {
  try {
    yield* body;
  } catch (error) {
    throw explain(error);
  }
}

async function* oneByOne<P>(batches: AsyncIterable<readonly P[]>): AsyncGenerator<P, void, void> {
  for await (const batch of batches) yield* batch;
}

function linesOf(pieces: AsyncIterable<readonly Uint8Array[]>): AsyncIterable<string> {
  return oneByOne(readLines(pieces, MAX_LINE_BYTES, { keepTail: true }));
}
