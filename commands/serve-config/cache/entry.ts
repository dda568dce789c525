/** An object as it is kept and answered: bytes, what is derived from them once, and its times. */

import { sniffContentType } from "#lib/format/content_type.ts";

/** Times of an entry, milliseconds since the Unix epoch. */
export interface EntryTimes {
  readonly loadedAtMs: number;
  /** `undefined` for an entry that never expires. */
  readonly expiresAtMs: number | undefined;
}

/** What happened to an entry since it was loaded; changed by the cache alone. */
export interface EntryFate {
  /** When a refresh said that it may be out of date, milliseconds since the Unix epoch. */
  refreshedAtMs?: number;
  /** Loads that failed since it went stale. */
  failures?: number;
  /** Before this, milliseconds since the Unix epoch, no further load is tried. */
  retryAtMs?: number;
}

/** What a backend gives along to ask later whether its object changed, as it wrote it. */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/** Answers that are worth keeping ready: the object and "not modified", either compressed or not. */
export type UsualKind = "plain" | "gzip" | "unchanged" | "unchangedGzip";

/** A loaded object. */
export interface Entry extends EntryTimes, EntryFate {
  readonly validators?: Validators | undefined;
  /** Where it is kept; unset while it is not. */
  store?: "main" | "hot";
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** When the object changed, milliseconds since the Unix epoch, where clients are to be told. */
  readonly lastModifiedMs?: number | undefined;
  /** Version of what the object was made of, where that has one. */
  readonly version?: string | undefined;
  /** First 32 hex digits of SHA-256 over content type, NUL and body; the same on every replica. */
  readonly hash: string;
  /** The usual answers to hits, each made at its first use; two of their headers tell the time. */
  usual?: {
    [kind in UsualKind]?: { age: number; ttl: number | undefined; readonly response: Response };
  };
  /** Compressed copy: `undefined` until somebody asks, `null` when it would not be smaller. */
  gzip?: Uint8Array<ArrayBuffer> | null;
  /** Compression under way, shared by all who ask meanwhile. */
  gzipping?: Promise<Uint8Array<ArrayBuffer> | null>;
}

/** Smallest body worth compressing. */
export const MIN_GZIP_BYTES = 1024;

/** Derives content type, unless one is given, and hash. */
export async function createEntry(
  bytes: Uint8Array<ArrayBuffer>,
  times: EntryTimes,
  { contentType = sniffContentType(bytes), validators, lastModifiedMs, version }: {
    readonly contentType?: string | undefined;
    readonly validators?: Validators | undefined;
    readonly lastModifiedMs?: number | undefined;
    readonly version?: string | undefined;
  } = {},
): Promise<Entry> {
  const hash = await hashOf(contentType, bytes);
  return {
    ...{ bytes, contentType, hash },
    ...times,
    ...(validators && { validators }),
    ...(lastModifiedMs !== undefined && { lastModifiedMs }),
    ...(version !== undefined && { version }),
  };
}

/** The same object with new times, fresh again; nothing derived from it is made again. */
export function renewed(entry: Entry, { loadedAtMs, expiresAtMs }: EntryTimes): Entry {
  const { bytes, contentType, hash, validators, lastModifiedMs, version, gzip, gzipping } = entry;
  return {
    ...{ bytes, contentType, hash, validators, lastModifiedMs, version, loadedAtMs, expiresAtMs },
    ...(gzip !== undefined && { gzip }),
    ...(gzipping !== undefined && { gzipping }),
  };
}

async function hashOf(contentType: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const prefix = new TextEncoder().encode(`${contentType}\0`);
  const hashed = new Uint8Array(prefix.length + bytes.length);
  hashed.set(prefix);
  hashed.set(bytes, prefix.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", hashed));
  return digest.subarray(0, 16).toHex();
}

/** The compressed copy, made once at the first call; `null` when it would not be smaller. */
export function gzipOf(entry: Entry): Promise<Uint8Array<ArrayBuffer> | null> {
  entry.gzipping ??= compress(entry.bytes).then((packed) => {
    entry.gzip = packed.length < entry.bytes.length ? packed : null;
    return entry.gzip;
  });
  return entry.gzipping;
}

async function compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
