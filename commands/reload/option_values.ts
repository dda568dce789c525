/** Single values of options: texts that become numbers, patterns, URLs, or a message for the user. Pure. */

import { UsageError } from "#lib/cli/usage_error.ts";
import { parseGoDuration } from "#lib/format/duration.ts";
import { type ListenAddress, parseListenAddress } from "#lib/http/address.ts";
import type { FileOptions } from "./disk/files.ts";
import { parseGlob } from "./payload/glob.ts";
import { problemOf } from "./payload/payload.ts";
import { parseSignal } from "./signals.ts";
import { parseSuccess } from "./success_statuses.ts";
import { splitWords } from "./words.ts";

/** A variable gives a list with one entry a line. */
export function lines(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => text.split("\n")).filter((text) => text !== "");
}

/** Paths by key. @throws {UsageError} */
export function itemsOf(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(texts.map((text) => {
    const equals = text.indexOf("=");
    const [key, path] = [text.slice(0, equals), text.slice(equals + 1)];
    const problem = equals < 1 ? "it is not KEY=PATH" : problemOf(path);
    if (problem !== undefined) throw new UsageError(`Option item: "${text}": ${problem}`);
    return [key, path];
  }));
}

/** Patterns. @throws {UsageError} */
export function globsOf(option: string, texts: readonly string[]): readonly RegExp[] {
  return lines(texts).map((text) => checked(option, () => parseGlob(text)));
}

/** Permission bits; `undefined` for none. @throws {UsageError} */
export function modeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^0?[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new UsageError(`Option ${option}: "${text}" is no mode in octal, such as 0640`);
}

/** Owner; `undefined` for none. @throws {UsageError} */
export function ownerOf(text: string | undefined): FileOptions["owner"] {
  if (text === undefined || text === "") return undefined;
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(text) ?? [];
  if (uid === undefined) throw new UsageError(`Option owner: "${text}" is not UID or UID:GID`);
  return { uid: Number(uid), gid: gid === undefined ? null : Number(gid) };
}

/** A signal. @throws {UsageError} */
export function signalOf(option: string, text: string): Deno.Signal {
  return checked(option, () => parseSignal(text));
}

/** Words of a command. @throws {UsageError} */
export function wordsOf(option: string, text: string): readonly string[] {
  return checked(option, () => splitWords(text));
}

/** A test for statuses. @throws {UsageError} */
export function successOf(text: string): (status: number) => boolean {
  return checked("reload-http-success", () => parseSuccess(text));
}

/** Where to listen; `undefined` for nowhere. @throws {UsageError} */
export function listenOf(text: string): ListenAddress | undefined {
  return text === "" ? undefined : checked("listen", () => parseListenAddress(text));
}

/** Milliseconds. @throws {UsageError} */
export function durationOr(option: string, text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : checked(option, () => parseGoDuration(text));
}

function checked<T>(option: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Option ${option}: ${reason}`, [], { cause: error });
  }
}

/** A method in upper case, POST by default. @throws {UsageError} */
export function methodOf(text: string): string {
  const method = (text === "" ? "POST" : text).toUpperCase();
  if (/^[!#$%&'*+.^_`|~0-9A-Z-]+$/.test(method)) return method;
  throw new UsageError(`Option reload-http-method: "${text}" is no method`);
}

/** Name and value. @throws {UsageError} */
export function headerOf(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  const name = text.slice(0, colon).trim();
  if (colon > 0 && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    return [name, text.slice(colon + 1).trim()];
  }
  throw new UsageError(`Option reload-http-header: it is not NAME: VALUE`);
}

/** A URL with http or https. @throws {UsageError} */
export function urlOf(option: string, text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`Option ${option}: it is no URL with http or https`);
  }
  try {
    decodeURIComponent(url.username + url.password);
  } catch (error) {
    throw new UsageError(`Option ${option}: the name or password in the URL has a % by itself`, [
      "write % as %25 there",
    ], { cause: error });
  }
  return url;
}

/** The path from the root, without a slash at its end. */
export function absolute(path: string, cwd: string): string {
  const full = path.startsWith("/") ? path : `${cwd}/${path.replace(/^(?:\.\/)+/, "")}`;
  return full.replace(/(?<=.)\/+$/, "");
}
