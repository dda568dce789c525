/** Health, readiness, status and metrics over HTTP (reload.md 10). File contents never appear. */

import { exposition } from "#lib/http/admin.ts";
import { notFound, plain } from "#lib/http/plain.ts";
import { requestTarget } from "#lib/http/request_target.ts";
import type { Handler } from "#lib/http/server.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import { VERSION } from "#lib/run/version.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { Child } from "./child.ts";
import type { ReloadOptions } from "./options.ts";
import { digestOf, type Payload } from "./payload/payload.ts";
import type { Source } from "./sources/source.ts";
import { type RunFacts, stateOf } from "./state.ts";

/** What the service shows. */
export interface ServiceDeps {
  readonly facts: RunFacts;
  readonly sources: readonly Source[];
  readonly child: Child | undefined;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly visible: () => Payload;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** Lists and reloads again; resolves when the application has heard. */
  readonly force: () => Promise<void>;
  readonly quit: () => void;
}

const FORCE_LIMIT_MS = 60_000;
const HEALTH_PATHS = ["/healthz", "/-/healthy", "/livez"];
const READY_PATHS = ["/readyz", "/-/ready", "/startupz"];

/** Makes the handler. */
export function createService(options: ReloadOptions, deps: ServiceDeps): Handler {
  const gets: Record<string, (request: Request) => Response | Promise<Response>> = {
    "/status": () => status(options, deps),
  };
  for (const path of options.metricsPaths) {
    gets[path] = (request) => exposition(request, deps.metrics);
  }
  for (const path of HEALTH_PATHS) gets[path] = () => health(options, deps);
  for (const path of READY_PATHS) gets[path] = () => ready(deps);
  const posts: Record<string, () => Response | Promise<Response>> = {
    "/-/reload": () => force(deps),
    "/-/quit": () => {
      deps.quit();
      return plain("stopping", { status: 202 });
    },
  };
  return async (request) => {
    const { path } = requestTarget(request.url);
    const get = gets[path];
    const post = posts[path];
    if (get !== undefined) {
      if (request.method === "GET") return await get(request);
      if (request.method !== "HEAD") return wrongMethod("GET, HEAD");
      const { status: code, headers } = await get(request);
      return new Response(null, { status: code, headers });
    }
    if (post === undefined) return notFound();
    if (request.method !== "POST") return wrongMethod("POST");
    if (!options.enableAdmin) return plain("--enable-admin is off", { status: 403 });
    return await post();
  };
}

function wrongMethod(allow: string): Response {
  const response = plain("method not allowed", { status: 405 });
  response.headers.set("allow", allow);
  return response;
}

/** Why the process is not well; empty when it is. */
function healthProblems(
  { healthReloadGraceMs, healthMaxStalenessMs, child: childOptions }: ReloadOptions,
  { facts, sources, child, clock }: Pick<ServiceDeps, "facts" | "sources" | "child" | "clock">,
): readonly string[] {
  const now = clock.now();
  const problems: string[] = [];
  const { failingSinceMs } = facts;
  const isFailing = failingSinceMs !== undefined &&
    clock.monotonic() - failingSinceMs >= healthReloadGraceMs;
  if (isFailing) {
    problems.push("reload_failed");
  }
  if ((facts.writeError ?? facts.stateError) !== undefined) problems.push("write_failed");
  // A volume that nobody changes says nothing, and is none of the API.
  const heard = sources.flatMap((source) => source.status()).filter(({ mode }) => mode !== "volume")
    .map(({ lastContact }) => lastContact);
  const isStale = healthMaxStalenessMs > 0 &&
    heard.some((at) => at !== undefined && now - at > healthMaxStalenessMs);
  if (isStale) problems.push("api_stale");
  const isForbidden = !facts.isReady &&
    sources.some((source) => source.status().some((status) => status.isForbidden === true));
  if (isForbidden) problems.push("source_forbidden");
  if (childOptions !== undefined && facts.isReady && child?.isRunning === false) {
    problems.push("child_down");
  }
  return problems;
}

function health(options: ReloadOptions, deps: ServiceDeps): Response {
  const reasons = healthProblems(options, deps);
  return reasons.length === 0
    ? json({ status: "up" })
    : json({ status: "down", reasons }, { status: 503 });
}

function ready({ facts }: ServiceDeps): Response {
  return facts.isReady ? json({ status: "up" }) : json({ status: "down" }, { status: 503 });
}

async function force({ force: begin, clock, facts }: ServiceDeps): Promise<Response> {
  const late = Promise.withResolvers<never>();
  const timer = clock.timer(
    () => late.reject(new Error(`not within ${FORCE_LIMIT_MS} ms`)),
    FORCE_LIMIT_MS,
  );
  try {
    await Promise.race([begin(), late.promise]);
    return json({ ok: true, hash: facts.hash });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return json({ ok: false, error: reason }, { status: 500 });
  } finally {
    timer.cancel();
  }
}

async function status(options: ReloadOptions, deps: ServiceDeps): Promise<Response> {
  const { facts, sources, child, clock, startedAtMs } = deps;
  const described = sources.flatMap((source) => source.status());
  const hasSecret = described.some(({ kind }) => kind.includes("secret"));
  const files = await Promise.all([...deps.visible()].map(async ([path, bytes]) => ({
    path,
    size: bytes.length,
    // A digest of a short secret tells the secret.
    ...(hasSecret ? {} : { sha256: await digestOf(bytes) }),
  })));
  return json({
    mode: options.child === undefined ? "sidecar" : "subprocess",
    state: stateOf(facts, { sourcesPresent: described.every(({ present }) => present) }),
    version: VERSION,
    uptimeSeconds: Math.round((clock.now() - startedAtMs) / 1000),
    configRoot: options.configRoot,
    layout: options.layout,
    hash: facts.hash,
    lastReloadHash: facts.lastReloadHash ?? null,
    files,
    sources: described.map(({ lastContact, error, isForbidden: _, ...source }) => ({
      ...source,
      lastContact: timeOf(lastContact),
      error: error ?? null,
    })),
    reload: {
      action: options.actions.join(","),
      lastAttempt: timeOf(facts.lastAttemptMs),
      lastSuccess: timeOf(facts.lastSuccessMs),
      attempts: facts.attempts,
      consecutiveFailures: facts.consecutiveFailures,
      lastError: facts.lastError ?? null,
      nextAttempt: timeOf(facts.nextAttemptMs),
    },
    write: { lastError: facts.writeError ?? facts.stateError ?? null },
    validation: {
      lastError: facts.refusal?.reason ?? null,
      refusedHash: facts.refusal?.hash ?? null,
    },
    quarantined: [...facts.quarantined],
    child: child?.pid === undefined ? null : {
      pid: child.pid,
      running: child.isRunning,
      startedAt: timeOf(child.startedAtMs),
      restarts: child.restarts,
    },
  });
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function json(body: unknown, { status: code = 200 }: { readonly status?: number } = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status: code,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  });
}
