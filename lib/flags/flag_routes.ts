/** The typed routes `/flags` and `/flags/{name}` (flags-watch, 7.4): read, wait for a change, set, take back. */

import { type Clock, systemClock } from "#lib/run/clock.ts";
import { FlagError } from "./errors.ts";
import type { EndpointOptions } from "./endpoint.ts";
import { isFileFlag } from "./file_flags.ts";
import type { FlagSet } from "./flag_set.ts";
import { isOfType, readBody, settingRefusal } from "./setting_request.ts";
import { durationType } from "./types/duration.ts";
import type { AnyValue, NewInput } from "./value_contract.ts";
import { flagBody, flagSetBody } from "./wire.ts";

/** How the typed routes are served. */
export interface FlagRoutesOptions extends EndpointOptions {
  /** Where waiting requests wait; the system's by default. */
  readonly clock?: Clock;
  /** Ends waiting as if the time were over; for the stop of a server. */
  readonly stopping?: AbortSignal;
}

const MAX_WAIT_MS = 5 * 60 * 1000;

/**
 * Answers requests for `/flags` and below; `undefined` for all others, which are someone else's. Setting needs
 * `setUrl`, as on the other routes.
 */
export async function handleFlagRoutes(
  flags: FlagSet,
  request: Request,
  options: FlagRoutesOptions = {},
): Promise<Response | undefined> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/flags") {
    if (!isRead(request)) return methodNotAllowed("GET, HEAD");
    return await listTyped(flags, request, {
      query: searchParams,
      clock: options.clock ?? systemClock,
      stopping: options.stopping,
    });
  }
  const name = nameIn(pathname);
  if (name === undefined) return undefined;
  const entry = flags.entry(name);
  if (entry === undefined) return problem(404, `flag "${name}" is not declared`);
  if (isRead(request)) return json(200, flagBody(entry));
  if (request.method !== "PUT" && request.method !== "DELETE") {
    return methodNotAllowed("GET, HEAD, PUT, DELETE");
  }
  return await change(flags, request, { name, options });
}

async function listTyped(
  flags: FlagSet,
  request: Request,
  { query, clock, stopping }: {
    readonly query: URLSearchParams;
    readonly clock: Clock;
    readonly stopping: AbortSignal | undefined;
  },
): Promise<Response> {
  const wait = query.get("wait");
  // Another process counts afresh, so one number may stand for two states: the checksum tells.
  const checksum = query.get("checksum");
  const isKnown = query.get("seq") === String(flags.seq) &&
    (checksum === null || checksum === flags.checksum());
  if (wait !== null && isKnown) {
    const waitMs = waitMsOf(wait);
    if (waitMs === undefined) return problem(400, `wait is no duration: ${wait}`);
    const signal = stopping === undefined
      ? request.signal
      : AbortSignal.any([request.signal, stopping]);
    const isChanged = await nextUpdate(flags, { waitMs, clock, signal });
    if (!isChanged) return new Response(null, { status: 304 });
  }
  return json(200, flagSetBody(flags));
}

async function change(
  flags: FlagSet,
  request: Request,
  { name, options }: { readonly name: string; readonly options: FlagRoutesOptions },
): Promise<Response> {
  const { setUrl = "", setToken, allowSetPaths = false, onSet } = options;
  const refusal = settingRefusal(request, { isEnabled: setUrl !== "", setToken });
  if (refusal !== undefined) return problem(refusal.status, refusal.text);
  const value = flags.get(name);
  if (value === undefined) return problem(404, `flag "${name}" is not declared`);
  if (isFileFlag(value) && !allowSetPaths) return problem(403, "setting paths is not enabled");
  if (!value.isDynamic) return problem(400, `flag "${name}" is static`);
  const answer = (response: Response, raw?: string) => {
    const isShown = !value.isSecret;
    onSet?.({ name, raw: isShown ? raw : undefined, status: response.status, request });
    return response;
  };
  if (request.method === "DELETE") {
    const [error] = flags.clearOverride(name)?.rejected ?? [];
    if (error !== undefined) {
      return answer(problem(422, value.isSecret ? "refused" : error.message));
    }
    return answer(current(flags, name));
  }
  const body = await readBody(request);
  if (body === undefined) return answer(problem(413, "value is too large"));
  try {
    const isJson = isOfType(request, "application/json");
    const input = isJson ? jsonInput(value, body) : { raw: body };
    const { rejected: [error] } = flags.apply([[name, input]], { source: "http" });
    if (error !== undefined) throw error;
    return answer(current(flags, name), body);
  } catch (err) {
    if (!(err instanceof FlagError || err instanceof SyntaxError)) throw err;
    // The parser's text may quote the value.
    return answer(problem(422, value.isSecret ? "refused" : err.message), body);
  }
}

/**
 * What a JSON body sets: a document for JSON flags, a list for lists and sets, else text, number or boolean.
 *
 * @throws {SyntaxError} when the body is no JSON, or of a kind the flag does not take
 */
function jsonInput(value: AnyValue, body: string): NewInput<unknown> {
  const parsed: unknown = JSON.parse(body);
  const type = value.type.name;
  if (type === "json") return { raw: body };
  if (Array.isArray(parsed) && parsed.every((item) => typeof item === "string")) {
    if (type === "string-slice") return { value: parsed };
    if (type === "string-set") return { value: new Set(parsed) };
  }
  if (typeof parsed === "string") return { raw: parsed };
  // The literal itself, for a number may not hold it.
  if (typeof parsed === "number" || typeof parsed === "boolean") return { raw: body };
  throw new SyntaxError(`no value of a flag of type ${type}`);
}

/** Waits for the next update; false when the time is over or the client is gone. */
function nextUpdate(
  flags: FlagSet,
  { waitMs, clock, signal }: {
    readonly waitMs: number;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (outcome: "changed" | "over") => {
      timer.cancel();
      stop();
      signal.removeEventListener("abort", onOver);
      resolve(outcome === "changed");
    };
    const onOver = () => settle("over");
    const timer = clock.timer(onOver, waitMs);
    const stop = flags.onUpdate(() => settle("changed"));
    signal.addEventListener("abort", onOver, { once: true });
    if (signal.aborted) onOver();
  });
}

function waitMsOf(text: string): number | undefined {
  try {
    return Math.min(Math.max(durationType.parse(text).ms, 0), MAX_WAIT_MS);
  } catch {
    // No duration; the caller says so.
    return undefined;
  }
}

function nameIn(pathname: string): string | undefined {
  const encoded = /^\/flags\/([^/]+)$/.exec(pathname)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    // Names are UTF-8; what is not names no flag.
    return encoded;
  }
}

function current(flags: FlagSet, name: string): Response {
  const entry = flags.entry(name);
  return entry === undefined
    ? problem(404, `flag "${name}" is not declared`)
    : json(200, flagBody(entry));
}

function isRead(request: Request): boolean {
  return request.method === "GET" || request.method === "HEAD";
}

function methodNotAllowed(allow: string): Response {
  const response = problem(405, "method not allowed");
  response.headers.set("allow", allow);
  return response;
}

function problem(status: number, error: string): Response {
  const response = json(status, { error });
  if (status === 401) response.headers.set("www-authenticate", "Bearer");
  return response;
}

function json(status: number, body: unknown): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}
