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

/** A loaded object. */
export interface Entry extends EntryTimes, EntryFate {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** First 32 hex digits of SHA-256 over content type, NUL and body; the same on every replica. */
  readonly hash: string;
  /** The usual answer to a hit, made once a second because two of its headers tell the time. */
  hit?: { readonly second: number; readonly response: Response };
  /** Compressed copy: `undefined` until somebody asks, `null` when it would not be smaller. */
  gzip?: Uint8Array<ArrayBuffer> | null;
  /** Compression under way, shared by all who ask meanwhile. */
  gzipping?: Promise<Uint8Array<ArrayBuffer> | null>;
}

/** Smallest body worth compressing. */
export const MIN_GZIP_BYTES = 1024;

/** Derives the hash, and the content type where the backend gave none. */
export async function createEntry(
  bytes: Uint8Array<ArrayBuffer>,
  { contentType = sniffContentType(bytes), ...times }: EntryTimes & {
    readonly contentType?: string | undefined;
  },
): Promise<Entry> {
  return { bytes, contentType, hash: await hashOf(contentType, bytes), ...times };
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
