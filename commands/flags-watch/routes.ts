/** The HTTP interface (flags-watch.md 7): which path is whose. Handlers are those of the flags library. */

import { listFlags, type SetAttempt, setFlag } from "#lib/flags/endpoint.ts";
import { handleFlagRoutes } from "#lib/flags/flag_routes.ts";
import type { FlagSet } from "#lib/flags/flag_set.ts";
import { type Listing, ListingCache } from "#lib/flags/listing.ts";
import { exposition, readiness, type ReadinessChecks } from "#lib/http/admin.ts";
import { notFound, plain } from "#lib/http/plain.ts";
import { requestTarget } from "#lib/http/request_target.ts";
import type { Handler } from "#lib/http/server.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { EventStream } from "./event_stream.ts";
import type { FlagCounters } from "./flag_metrics.ts";
import type { HttpOptions } from "./options.ts";

/** What the routes need. */
export interface RoutesDeps {
  readonly flags: FlagSet;
  readonly stream: EventStream;
  readonly metrics: Metrics;
  readonly counters: FlagCounters;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends waiting requests. */
  readonly stopping: AbortSignal;
  /** Whether the process does its work; asked by `/healthz`. */
  readonly isAlive: () => boolean;
  readonly checks: ReadinessChecks;
  /** The body of `/status`. */
  readonly status: () => unknown;
  /** The token that setting needs now; `undefined` for none. @throws when its file cannot be read */
  readonly readToken: () => Promise<string | undefined>;
}

type Route = (request: Request, remote: Deno.Addr) => Response | Promise<Response>;

/** Makes the handler. */
export function createRoutes(options: HttpOptions, deps: RoutesDeps): Handler {
  const { flags, stream, metrics } = deps;
  const { setPath, allowSet, allowSetPaths } = options;
  const setUrl = allowSet ? setPath : "";
  const cache = new ListingCache();

  const list: Route = async (request) => {
    const page = wantsPage(request) ? await loadPage(request) : undefined;
    return listFlags(flags, request, { setUrl, cache, ...(page === undefined ? {} : { page }) });
  };

  async function loadPage({ url }: Request): Promise<(listing: Listing) => Response> {
    // Loaded at the first browser: the page is the largest part of the command.
    const { renderPage } = await import("./page.ts");
    const { search: query } = new URL(url);
    const needsToken = options.tokenFile !== undefined;
    return (listing) => renderPage(flags, listing, { needsToken, query });
  }

  async function settingOptions(remote: Deno.Addr) {
    const token = allowSet ? await deps.readToken() : undefined;
    return {
      setUrl,
      allowSetPaths,
      ...(token === undefined ? {} : { setToken: token }),
      onSet: (attempt: SetAttempt) => report(attempt, remote),
    };
  }

  function report({ name, status }: SetAttempt, remote: Deno.Addr): void {
    const result = status === 200 ? "ok" : "refused";
    deps.counters.sets.inc(["http", result]);
    const from = "hostname" in remote ? remote.hostname : "";
    // The value itself stays out: it may be a secret under another name.
    deps.log.info("flag set over HTTP", { flag: name, result, status, remote: from });
  }

  const set: Route = async (request, remote) => {
    const answer = await setFlag(flags, request, await settingOptions(remote));
    // A form that was sent without the page's script leaves a browser with a line of text: back to the page.
    const isForm = wantsPage(request) && request.method === "POST" && answer.ok;
    if (isForm) answer.headers.set("refresh", `1; url=${options.listPath}`);
    return answer;
  };

  const exact = new Map<string, Route>([
    ["/healthz", () => deps.isAlive() ? plain("ok") : plain("the watcher is dead", DEAD)],
    ["/readyz", () => readiness(deps.checks)],
    ["/metrics", (request) => exposition(request, metrics)],
    ["/status", () => Response.json(deps.status(), { headers: { "cache-control": "no-store" } })],
    ["/events", (request) => stream.connect(request)],
    ["/debug/flags/set", set],
    ["/debug/flags", list],
    ["/fortio/flags", list],
    [setPath, set],
    [options.listPath, list],
  ]);

  async function other(request: Request, path: string, remote: Deno.Addr): Promise<Response> {
    if (options.ofrep && path.startsWith("/ofrep/")) {
      const { handleOfrep } = await import("./ofrep.ts");
      return await handleOfrep(flags, request, path) ?? notFound();
    }
    if (path !== "/flags" && !path.startsWith("/flags/")) return notFound();
    const isSetting = request.method === "PUT" || request.method === "DELETE";
    const setting = isSetting ? await settingOptions(remote) : {};
    const { clock, stopping } = deps;
    return await handleFlagRoutes(flags, request, { ...setting, clock, stopping }) ?? notFound();
  }

  return (request, { remoteAddr }) => {
    // With a Host that is none the address is none either, and every route would fail on it.
    if (!URL.canParse(request.url)) return plain("malformed host", { status: 400 });
    const { path } = requestTarget(request.url);
    const route = exact.get(path);
    return route === undefined ? other(request, path, remoteAddr) : route(request, remoteAddr);
  };
}

const DEAD = { status: 503 };

/** As `listFlags` decides; asked before, so that only then the page is loaded. */
function wantsPage(request: Request): boolean {
  return request.headers.get("accept")?.includes("html") === true;
}
