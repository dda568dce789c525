/** What is done to contents before they are written: decompression, then variables (reload.md 2.3, 6.1). */

import { joinBytes } from "#lib/collections/join_bytes.ts";
import { type Payload, RefusedVersion, refuseUnwritable } from "./payload.ts";

/** Which files are changed, and how. */
export interface TransformOptions {
  readonly gunzip: readonly RegExp[];
  readonly envsubst: readonly RegExp[];
  readonly envsubstMissing: "keep" | "empty" | "reject";
  readonly env: Readonly<Record<string, string>>;
}

/** Of all files of a version together: it is held in memory. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
const VARIABLE = /\$\(([A-Za-z_0-9]+)\)/g;

/**
 * The payload with its transforms applied, and how many variables were not set.
 *
 * @throws {RefusedVersion} for corrupt or oversized compressed data, or a variable that must be set
 */
export async function transform(
  payload: Payload,
  options: TransformOptions,
): Promise<{ readonly payload: Payload; readonly missingVariables: number }> {
  if (options.gunzip.length === 0 && options.envsubst.length === 0) {
    return { payload, missingVariables: 0 };
  }
  const changed = new Map<string, Uint8Array>();
  let missingVariables = 0;
  let left = MAX_UNPACKED_BYTES;
  for (const [path, bytes] of payload) {
    let unpacked = { path, bytes };
    if (matches(options.gunzip, path) && isGzip(bytes)) {
      unpacked = { path: withoutGz(path), bytes: await gunzip(path, bytes, left) };
      left -= unpacked.bytes.length;
    }
    if (changed.has(unpacked.path)) {
      throw new RefusedVersion(`File "${unpacked.path}" comes twice, as itself and decompressed`);
    }
    if (!matches(options.envsubst, path)) {
      changed.set(unpacked.path, unpacked.bytes);
      continue;
    }
    const { bytes: replaced, missing } = substitute(unpacked, options);
    missingVariables += missing;
    changed.set(unpacked.path, replaced);
  }
  if (options.gunzip.length > 0) refuseUnwritable(changed);
  return { payload: changed, missingVariables };
}

/** Globs are of keys, so the last name counts. */
function matches(globs: readonly RegExp[], path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return globs.some((glob) => glob.test(name) || glob.test(path));
}

function isGzip([a, b, c]: Uint8Array): boolean {
  return a === 0x1f && b === 0x8b && c === 0x08;
}

/** `x.gz` → `x`, unless that is all of the name. */
function withoutGz(path: string): string {
  return path.replace(/(?<=[^/])\.gz$/, "");
}

async function gunzip(path: string, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    const packed = new Blob([new Uint8Array(bytes)]).stream();
    for await (const chunk of packed.pipeThrough(new DecompressionStream("gzip"))) {
      length += chunk.length;
      if (length > maxBytes) {
        throw new RefusedVersion(
          `More than ${MAX_UNPACKED_BYTES} bytes unpacked, with file "${path}"`,
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof RefusedVersion) throw error;
    throw new RefusedVersion(`File "${path}" is corrupt gzip data`, { cause: error });
  }
  return joinBytes(chunks);
}

function substitute(
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array },
  { env, envsubstMissing }: TransformOptions,
): { readonly bytes: Uint8Array; readonly missing: number } {
  let missing = 0;
  const pieces: Uint8Array[] = [];
  let from = 0;
  // A character a byte: what is not replaced stays as it is, whatever its encoding.
  for (const { 0: whole, 1: name = "", index } of toCharacters(bytes).matchAll(VARIABLE)) {
    const value = env[name];
    if (value === undefined) {
      missing += 1;
      if (envsubstMissing === "keep") continue;
      if (envsubstMissing === "reject") {
        throw new RefusedVersion(`File "${path}" needs the variable "${name}", which is not set`);
      }
    }
    pieces.push(bytes.subarray(from, index), new TextEncoder().encode(value ?? ""));
    from = index + whole.length;
  }
  if (pieces.length === 0) return { bytes, missing };
  return { bytes: joinBytes([...pieces, bytes.subarray(from)]), missing };
}

/** One character for each byte. */
function toCharacters(bytes: Uint8Array): string {
  let text = "";
  // The arguments of a call are limited.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}
