/** The handler of the application listener, made of the parts: who may ask, what is answered, what is told of it. */

import type { Handler } from "#lib/http/server.ts";
import type { Access } from "./auth/access.ts";
import { createLineReader } from "./auth/secret_file.ts";
import type { RunningBus } from "./bus/bus.ts";
import { createForwarder } from "./requests/forward.ts";
import type { ServeConfigOptions } from "./options.ts";
import type { AppDeps, AppParts } from "./parts.ts";
import { createMonitor } from "./refresh/monitor.ts";
import { createWatching } from "./refresh/watching.ts";
import { createRequestMetrics } from "./requests/request_metrics.ts";
import { createRequestReport } from "./requests/request_report.ts";
import { createRoutes } from "./requests/routes.ts";

/** What the handler is made of besides the options. */
export interface ApplicationHandlerDeps {
  readonly parts: AppParts;
  readonly access: Access;
  /** Absent where there is no bus. */
  readonly bus: RunningBus | undefined;
  /** Aborted at the stop, for clients that wait. */
  readonly stopping: AbortSignal;
  readonly deps: AppDeps;
}

/** Makes it. */
export function createApplicationHandler(
  options: ServeConfigOptions,
  { parts, access, bus, stopping, deps }: ApplicationHandlerDeps,
): Handler {
  const { cache, refresher, generations, metrics, isHttp, onLoadFailed } = parts;
  const { clock, log, tracer } = deps;
  const { monitorPath, monitorSecretFile, publishes, maxWaitMs } = options.refresh;
  return createRoutes({
    ...options,
    variants: options.api !== "raw",
    vary: varyOf(options),
  }, {
    cache,
    clock,
    deny: access.deny,
    post: monitorPath === undefined ? undefined : createMonitor({ path: monitorPath }, {
      refresher,
      publish: publishes ? bus?.publish : undefined,
      newId: () => crypto.randomUUID(),
      clock,
      readSecrets: monitorSecretFile === undefined
        ? undefined
        : createLineReader(monitorSecretFile, deps),
      deny: access.deny,
    }),
    forward: isHttp ? createForwarder(options.forward) : undefined,
    watch: createWatching({ maxWaitMs }, { generations, clock, stopping }),
    onAnswered: createRequestReport({
      logged: !["warn", "error"].includes(options.log.level),
      sample: options.metrics.requests ? createRequestMetrics(metrics, options.metrics) : undefined,
      traceId: tracer?.traceId,
    }, { log, clock }),
    onLoadFailed,
  });
}

/** What tells the answers of one URL apart: the media type with Spring's API, who asks, and what is passed on. */
function varyOf({ api, auth, backend, forward }: ServeConfigOptions): readonly string[] {
  const names = [
    ...(api !== "raw" && backend.kind !== "http" ? ["Accept"] : []),
    ...(auth.methods.length > 0 ? ["Authorization"] : []),
    ...(backend.kind === "http" ? forward.headers.map(titleCase) : []),
  ];
  return [...new Set(names)];
}

/** `x-config-token` → `X-Config-Token`. */
function titleCase(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
