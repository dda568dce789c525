/**
 * The wanted files: from the keys of all sources to paths and bytes (reload.md 6.1). A version is taken whole or
 * refused whole; nothing is clipped or escaped silently.
 */

import { joinBytes } from "#lib/collections/join_bytes.ts";

/** Path below the directory → content. */
export type Payload = ReadonlyMap<string, Uint8Array>;

/** Keys of one source that belong together. */
export interface PayloadPart {
  /** For messages: `configmap team/app`. */
  readonly source: string;
  /** Relative folder for its files, empty for the directory itself. */
  readonly folder: string;
  readonly entries: ReadonlyMap<string, Uint8Array>;
  /** Files that the application reads where they are: they make a version, but are not written. */
  readonly inPlace?: boolean;
  /** Its object has no keys, and the options say that the files of before stay then. */
  readonly keepsOld?: boolean;
}

/** How keys become paths. */
export interface PayloadOptions {
  /** Path of a key by `--item`; with any, other keys are left out. */
  readonly items: ReadonlyMap<string, string>;
  readonly include: readonly RegExp[];
  readonly exclude: readonly RegExp[];
  /** Replaced by `/` in keys; empty for nothing. */
  readonly pathSeparator: string;
  readonly onConflict: "reject" | "last-wins";
}

/** A version that must not be written; what is on disk stays. */
export class RefusedVersion extends Error {
  override readonly name = "RefusedVersion";
}

const MAX_COMPONENT_BYTES = 255;
const MAX_PATH_BYTES = 4096;
const ENCODER = new TextEncoder();

/**
 * Puts the parts together, later ones last.
 *
 * @throws {RefusedVersion} for a path that cannot be or must not be written, or two sources of one path
 */
export function buildPayload(parts: readonly PayloadPart[], options: PayloadOptions): Payload {
  const payload = new Map<string, Uint8Array>();
  const origins = new Map<string, string>();
  for (const { source, folder, entries } of parts) {
    for (const [key, bytes] of entries) {
      const path = pathOf(key, folder, options);
      if (path === undefined) continue;
      const problem = problemOf(path);
      if (problem !== undefined) {
        throw new RefusedVersion(`Key "${key}" of ${source} cannot be a file: ${problem}`);
      }
      const other = origins.get(path);
      if (other !== undefined && options.onConflict === "reject") {
        throw new RefusedVersion(`File "${path}" comes from ${other} and from ${source}`);
      }
      origins.set(path, source);
      payload.set(path, bytes);
    }
  }
  refuseClashes(payload);
  return payload;
}

function pathOf(
  key: string,
  folder: string,
  { items, include, exclude, pathSeparator }: PayloadOptions,
): string | undefined {
  if (items.size > 0 && !items.has(key)) return undefined;
  if (include.length > 0 && !include.some((glob) => glob.test(key))) return undefined;
  if (exclude.some((glob) => glob.test(key))) return undefined;
  const path = items.get(key) ??
    (pathSeparator === "" ? key : key.replaceAll(pathSeparator, "/"));
  return folder === "" ? path : `${folder}/${path}`;
}

/** Why a path must not be written; `undefined` when it may. Also for folders of options. */
export function problemOf(path: string): string | undefined {
  if (path === "") return "its path is empty";
  if (path.startsWith("/")) return "its path is absolute";
  if (path.includes("\0")) return "its path has a NUL byte";
  if (ENCODER.encode(path).length > MAX_PATH_BYTES) return "its path is too long";
  for (const [index, part] of path.split("/").entries()) {
    if (part === "" || part === "." || part === "..") return `"${part}" is no name of a file`;
    if (index === 0 && part.startsWith("..")) {
      return "names that begin with .. are the layout's own";
    }
    if (ENCODER.encode(part).length > MAX_COMPONENT_BYTES) return "a name in its path is too long";
  }
  return undefined;
}

/**
 * The same for paths that were changed since: an ending less makes other names.
 *
 * @throws {RefusedVersion}
 */
export function refuseUnwritable(payload: Payload): void {
  for (const path of payload.keys()) {
    const problem = problemOf(path);
    if (problem !== undefined) throw new RefusedVersion(`"${path}" cannot be a file: ${problem}`);
  }
  refuseClashes(payload);
}

/** `a` cannot be a file beside `a/b`. */
function refuseClashes(payload: Payload): void {
  for (const path of payload.keys()) {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      const parent = path.slice(0, at);
      if (payload.has(parent)) {
        throw new RefusedVersion(`"${parent}" would be a file and a folder, for "${path}"`);
      }
    }
  }
}

/**
 * Version hash: SHA-256, lower-case hex, over path, NUL, decimal length, NUL and content of every file in
 * ascending byte order of the paths.
 */
export async function hashOf(payload: Payload): Promise<string> {
  const sorted = [...payload].map(([path, bytes]) => ({ path: ENCODER.encode(path), bytes }))
    .sort((a, b) => compareBytes(a.path, b.path));
  const pieces = sorted.flatMap(({ path, bytes }) => [
    path,
    ENCODER.encode(`\0${bytes.length}\0`),
    bytes,
  ]);
  const whole = joinBytes(pieces);
  const digest = await crypto.subtle.digest("SHA-256", whole);
  // Given back at once: the collector comes late for large buffers.
  whole.buffer.transfer(0);
  return new Uint8Array(digest).toHex();
}

/** The beginning of a hash, for people: in logs, metrics and messages. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}

/** Lower-case hex SHA-256 of one file. */
export async function digestOf(bytes: Uint8Array): Promise<string> {
  const copy = new Uint8Array(bytes);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", copy)).toHex();
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether two contents are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Whether two payloads have the same paths and bytes. */
export function samePayload(a: Payload, b: Payload): boolean {
  if (a.size !== b.size) return false;
  for (const [path, bytes] of a) {
    const other = b.get(path);
    if (other === undefined || !sameBytes(bytes, other)) return false;
  }
  return true;
}
