/**
 * Keys that end in `.url` and hold a URL, whose body becomes the file: for what is too large for a ConfigMap
 * (reload.md appendix A). One that cannot be had must not stop the others: its last body stays.
 */

import { inBatches } from "#lib/fs/in_batches.ts";
import { readBody } from "#lib/http/read_body.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { timeLimit } from "#lib/run/time_limit.ts";
import { VERSION } from "#lib/run/version.ts";
import { createSeldom } from "../seldom.ts";
import { type Payload, RefusedVersion, refuseUnwritable } from "./payload.ts";

/** How the bodies are asked for. */
export interface UrlKeysOptions {
  /** Whether the body of an error is a file too. */
  readonly anyStatus: boolean;
  /** Of one request, milliseconds. */
  readonly timeoutMs: number;
}

/** What it needs. */
export interface UrlKeysDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** {@linkcode fetch}, except in tests. */
  readonly fetch?: typeof fetch;
}

/** Puts bodies in the place of URLs. */
export type UrlKeys = (payload: Payload, signal: AbortSignal) => Promise<Payload>;

const ENDING = ".url";
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** compat: k8s-sidecar asks again with each of its watches, which live so long. */
const FRESH_MS = 60_000;

interface Known {
  /** `undefined` when it never could be had. */
  readonly bytes: Uint8Array | undefined;
  /** When it was asked for, with or without success. */
  readonly atMs: number;
}

/** Makes it. It knows the bodies of the last payload and no others. */
export function createUrlKeys(
  { anyStatus, timeoutMs }: UrlKeysOptions,
  { clock, log, fetch = globalThis.fetch }: UrlKeysDeps,
): UrlKeys {
  const isNews = createSeldom(clock);
  let known = new Map<string, Known>();

  async function ask(url: URL, signal: AbortSignal): Promise<Uint8Array> {
    const limit = timeLimit(signal, timeoutMs, clock);
    try {
      const headers = { "user-agent": `kcfg/${VERSION} (reload)` };
      const response = await fetch(url, { headers, signal: limit.signal });
      if (!response.ok && !anyStatus) {
        await response.body?.cancel();
        throw new Error(`answered ${response.status}`);
      }
      const bytes = await readBody(response, MAX_BODY_BYTES);
      if (bytes === undefined) throw new Error(`the body is over ${MAX_BODY_BYTES} bytes`);
      return bytes;
    } catch (error) {
      if (limit.isOver()) throw new Error(`no answer within ${timeoutMs} ms`, { cause: error });
      throw error;
    } finally {
      limit.cancel();
    }
  }

  /** The body, as it was a moment ago or as it is. Failures count as well: one slow server must not delay each version. */
  async function bodyOf(path: string, text: string, signal: AbortSignal): Promise<Known> {
    const before = known.get(text);
    if (before !== undefined && clock.monotonic() - before.atMs < FRESH_MS) return before;
    try {
      const url = new URL(text);
      if (url.protocol !== "http:" && url.protocol !== "https:") throw new Error("no web address");
      return { bytes: await ask(url, signal), atMs: clock.monotonic() };
    } catch (err) {
      signal.throwIfAborted();
      const outcome = before?.bytes === undefined ? "left out" : "the body before stays";
      if (isNews(`${path} ${err instanceof Error ? err.message : err}`)) {
        log.warn("URL of a key cannot be read", { file: path, outcome, err });
      }
      return { bytes: before?.bytes, atMs: clock.monotonic() };
    }
  }

  return async (payload, signal) => {
    const asked = [...payload].filter(([path]) => isUrlKey(path));
    const bodies = new Map<string, Known>();
    const files = new Map<string, Uint8Array>();
    await inBatches(asked, async ([path, bytes]) => {
      const text = new TextDecoder().decode(bytes).trim();
      const body = await bodyOf(path, text, signal);
      bodies.set(text, body);
      if (body.bytes !== undefined) files.set(path, body.bytes);
    });
    known = bodies;
    return merge(payload, files);
  };
}

/** In the order of the payload, so that the same content has the same order. */
function merge(payload: Payload, bodies: Payload): Payload {
  const merged = new Map<string, Uint8Array>();
  for (const [path, bytes] of payload) {
    if (!isUrlKey(path)) merged.set(path, bytes);
    const body = bodies.get(path);
    if (body === undefined) continue;
    const name = path.slice(0, -ENDING.length);
    if (payload.has(name)) {
      throw new RefusedVersion(`File "${name}" comes twice, as itself and by the URL of "${path}"`);
    }
    merged.set(name, body);
  }
  if (bodies.size > 0) refuseUnwritable(merged);
  return merged;
}

function isUrlKey(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.endsWith(ENDING) && name !== ENDING;
}
