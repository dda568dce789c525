/** The two routes of the reference as plain handlers: listing flags and setting one (flags-watch, 7.1 and 7.2). */

import { namesTag } from "#lib/format/entity_tag.ts";
import { FlagError } from "./errors.ts";
import { isFileFlag } from "./file_flags.ts";
import type { FlagSet } from "./flag_set.ts";
import { type Listing, ListingCache } from "./listing.ts";
import { renderListing } from "./listing_page.ts";
import { isOfType, readBody, settingRefusal } from "./setting_request.ts";
import { goQuote } from "./text.ts";

/** What became of a request to set a flag. */
export interface SetAttempt {
  /** As asked for; not necessarily declared. */
  readonly name: string;
  /** As asked for; never of a flag that is secret or not declared. */
  readonly raw: string | undefined;
  /** Status of the answer. */
  readonly status: number;
  /** The request as it came. */
  readonly request: Request;
}

/** How a set of flags is served. */
export interface EndpointOptions {
  /** Path of the route that sets, as shown to clients; empty (the default) refuses to set. */
  readonly setUrl?: string;
  /** Token that `Authorization: Bearer` must carry to set; none by default. */
  readonly setToken?: string;
  /** Whether companions, which name files, may be set too; false by default. */
  readonly allowSetPaths?: boolean;
  /** Told of every attempt to set, for logs and counters. */
  readonly onSet?: (attempt: SetAttempt) => void;
}

/** A handler of requests. */
export type FlagsHandler = (request: Request) => Promise<Response>;

const HTML_CONTENT = "text/html; charset=utf-8";

/**
 * Serves the listing at `listPath` (`/` by default) and at `/debug/flags`, and the setting of flags at `setUrl` and
 * at `/debug/flags/set`; everything else is 404. Without `setUrl` setting is refused at `/set`.
 */
export function flagsHandler(
  flags: FlagSet,
  { listPath = "/", ...options }: EndpointOptions & { readonly listPath?: string } = {},
): FlagsHandler {
  const setPath = options.setUrl || "/set";
  const cache = new ListingCache();
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === setPath || pathname === "/debug/flags/set") {
      return setFlag(flags, request, options);
    }
    if (pathname === listPath || pathname === "/debug/flags") {
      return Promise.resolve(listFlags(flags, request, { ...options, cache }));
    }
    return Promise.resolve(plain(404, "not found"));
  };
}

/** Answers with the listing: a page when the client accepts HTML, else JSON. Any method is answered alike. */
export function listFlags(
  flags: FlagSet,
  request: Request,
  { setUrl = "", cache = new ListingCache(), page = plainPage }: Pick<EndpointOptions, "setUrl"> & {
    /** Spares making the same listing again. */
    readonly cache?: ListingCache;
    /** Makes the page for browsers; one without any script by default. */
    readonly page?: (listing: Listing) => Response;
  } = {},
): Response {
  const query = new URL(request.url).searchParams;
  const type = query.get("type");
  const { listing, text } = cache.get(flags, {
    setUrl,
    // Any text counts, `false` too.
    onlyChanged: (query.get("only_changed") ?? "") !== "",
    type: type === "dynamic" || type === "static" ? type : undefined,
  });
  const headers = { "cache-control": "no-store", "vary": "accept" };
  const acceptsHtml = request.headers.get("accept")?.includes("html") === true;
  if (acceptsHtml && query.get("format") !== "json") {
    const response = page(listing);
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  }
  const etag = `"${listing.checksum_static}-${listing.checksum_dynamic}-${flags.seq}"`;
  if (namesTag(request.headers.get("if-none-match") ?? "", etag)) {
    return new Response(null, { status: 304, headers: { ...headers, etag } });
  }
  return new Response(text, {
    headers: { ...headers, etag, "content-type": "application/json" },
  });
}

/** Sets the flag named in the query, or in the form of a POST, and answers with a line of text. */
export async function setFlag(
  flags: FlagSet,
  request: Request,
  { setUrl = "", setToken, allowSetPaths = false, onSet }: EndpointOptions = {},
): Promise<Response> {
  const refusal = settingRefusal(request, { isEnabled: setUrl !== "", setToken });
  if (refusal !== undefined) {
    const response = plain(refusal.status, refusal.text);
    if (refusal.status === 401) response.headers.set("www-authenticate", "Bearer");
    return response;
  }
  const parameters = await readParameters(request);
  if (parameters === undefined) return plain(413, "form is too large");
  const { name, raw } = parameters;
  const value = flags.get(name);
  const isRefused = value !== undefined && isFileFlag(value) && !allowSetPaths;
  const { status, body } = isRefused
    ? { status: 403, body: "setting paths is not enabled" }
    : apply(flags, name, raw);
  const isShown = value?.isSecret === false;
  onSet?.({ name, raw: isShown ? raw : undefined, status, request });
  return status === 200 ? plain(200, body, "UTF-8") : plain(status, body);
}

function plainPage(listing: Listing): Response {
  return new Response(renderListing(listing), { headers: { "content-type": HTML_CONTENT } });
}

function apply(flags: FlagSet, name: string, raw: string): { status: number; body: string } {
  const value = flags.get(name);
  const quoted = goQuote(name);
  if (value === undefined) return { status: 403, body: `Flag ${quoted} not found` };
  if (!value.isDynamic) return { status: 400, body: `Trying to set non dynamic flag ${quoted}` };
  const shown = value.isSecret ? '"***"' : goQuote(raw);
  try {
    flags.set(name, raw, { source: "http" });
  } catch (err) {
    if (!(err instanceof FlagError)) throw err;
    // The parser's text may quote the value.
    const text = value.isSecret ? "refused" : err.message;
    return { status: 406, body: `Error setting ${quoted} to ${shown}: ${text}` };
  }
  return { status: 200, body: `Success ${quoted} -> ${shown}` };
}

async function readParameters(
  request: Request,
): Promise<{ readonly name: string; readonly raw: string } | undefined> {
  const query = new URL(request.url).searchParams;
  const isForm = request.method === "POST" &&
    isOfType(request, "application/x-www-form-urlencoded");
  const form = isForm ? await readBody(request) : "";
  if (form === undefined) return undefined;
  const fields = new URLSearchParams(form);
  return {
    name: query.get("name") ?? fields.get("name") ?? "",
    raw: query.get("value") ?? fields.get("value") ?? "",
  };
}

function plain(status: number, body: string, charset = "utf-8"): Response {
  return new Response(body, {
    status,
    headers: { "content-type": `text/plain; charset=${charset}`, "cache-control": "no-store" },
  });
}
