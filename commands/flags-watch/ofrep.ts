/**
 * OpenFeature remote evaluation (flags-watch.md 7.6; OFREP 0.2): any OpenFeature SDK with its OFREP provider reads
 * the flags. The evaluation context is accepted and decides nothing.
 */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { FlagEntry } from "#lib/flags/flag_set_contract.ts";
import { readBody } from "#lib/flags/setting_request.ts";
import { flagBody } from "#lib/flags/wire.ts";
import { namesTag } from "#lib/format/entity_tag.ts";

const PREFIX = "/ofrep/v1/evaluate/flags";
const JSON_HEADERS = { "content-type": "application/json", "cache-control": "no-store" };
const MAX_CONTEXT_BYTES = 256 * 1024;

/** Answers requests below `/ofrep/v1/`; `undefined` for all others. */
export async function handleOfrep(
  flags: FlagSet,
  request: Request,
  path: string,
): Promise<Response | undefined> {
  const key = keyIn(path);
  if (key === undefined) return undefined;
  const named = key === "" ? {} : { key };
  if (request.method !== "POST") {
    return answer(405, { ...named, errorDetails: "POST is expected" }, { allow: "POST" });
  }
  const problem = await contextProblem(request);
  if (problem !== undefined) return answer(400, { ...named, ...problem });
  if (key === "") return evaluateAll(flags, request);
  const entry = flags.entry(key);
  if (entry !== undefined) return answer(200, evaluation(entry));
  return answer(404, {
    key,
    errorCode: "FLAG_NOT_FOUND",
    errorDetails: `flag "${key}" is not declared`,
  });
}

/** The flag in the path, empty for all of them. */
function keyIn(path: string): string | undefined {
  if (path === PREFIX || path === `${PREFIX}/`) return "";
  if (!path.startsWith(`${PREFIX}/`)) return undefined;
  const encoded = path.slice(PREFIX.length + 1);
  try {
    return decodeURIComponent(encoded);
  } catch {
    // Names are UTF-8; what is not names no flag.
    return encoded;
  }
}

async function contextProblem(
  request: Request,
): Promise<{ readonly errorCode: string; readonly errorDetails: string } | undefined> {
  const text = await readBody(request, MAX_CONTEXT_BYTES);
  if (text === undefined) return invalid("INVALID_CONTEXT", "context is too large");
  if (text === "") return undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (err) {
    return invalid("PARSE_ERROR", err instanceof Error ? err.message : String(err));
  }
  if (!isObject(body)) return invalid("PARSE_ERROR", "an object is expected");
  const { context } = body as { readonly context?: unknown };
  if (context === undefined || context === null || isObject(context)) return undefined;
  return invalid("INVALID_CONTEXT", "context is not an object");
}

async function evaluateAll(flags: FlagSet, request: Request): Promise<Response> {
  const body = { flags: flags.entries().map(evaluation), metadata: {} };
  // Of the answer itself: the checksum of the flags has no separators, so two answers may share one.
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const etag = `"${digest.toHex().slice(0, 32)}"`;
  if (namesTag(request.headers.get("if-none-match") ?? "", etag)) {
    return new Response(null, { status: 304, headers: { etag } });
  }
  return new Response(bytes, { headers: { ...JSON_HEADERS, etag } });
}

function evaluation(entry: FlagEntry): unknown {
  const { name: key, value, changed } = flagBody(entry);
  return {
    key,
    value,
    reason: changed ? "STATIC" : "DEFAULT",
    variant: changed ? "current" : "default",
    metadata: {},
  };
}

function invalid(errorCode: string, errorDetails: string) {
  return { errorCode, errorDetails };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...JSON_HEADERS, ...headers } });
}
