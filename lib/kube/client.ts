/**
 * The Kubernetes client: each operation as one request, nothing cached but what informers hold. Its parts are put
 * together here; what they do is in `reading.ts`, `writing.ts`, `subresources.ts`, `watch.ts` and `informer/`.
 */

import { systemClock } from "#lib/run/clock.ts";
import { silentLogger } from "#lib/log/logger.ts";
import { reviewAccess } from "./access_review.ts";
import { Calls } from "./calls.ts";
import { connect } from "./connect.ts";
import type { KubeClient, KubeClientOptions, KubeWatcher } from "./contract.ts";
import { Discovery } from "./discovery.ts";
import type { Informer, InformerOptions } from "./informer/contract.ts";
import { InformerRegistry } from "./informer/registry.ts";
import { noKubeMetrics } from "./metrics.ts";
import type {
  RawAnswer,
  RawOptions,
  ServerVersion,
  WatchEvent,
  WatchOptions,
} from "./operations.ts";
import { RateLimiter } from "./rate_limit.ts";
import { createReader } from "./reading.ts";
import { Requester } from "./requester.ts";
import { createSubresources } from "./subresources.ts";
import type { KubeObject, ObjectRef, Verb } from "./types.ts";
import { parseApiPath } from "./url.ts";
import { openWatch } from "./watch.ts";
import { createWriter } from "./writing.ts";

/** Makes a client; nothing is dialled before its first request. */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const { clock = systemClock, random = Math.random } = options;
  const { logger = silentLogger, metrics = noKubeMetrics } = options;
  const surroundings = { clock, random, logger, metrics };
  const { transport, headers } = connect({ ...options, clock, logger, metrics });
  const requester = new Requester({
    ...surroundings,
    transport,
    scope: options.scope,
    limiter: new RateLimiter({ qps: options.qps ?? 20, burst: options.burst ?? 40, clock }),
    headers: { "user-agent": options.userAgent ?? "kcfg", ...headers },
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    compress: options.config?.disableCompression !== true,
    hideApiWarnings: options.hideApiWarnings ?? false,
    traceBodies: options.traceBodies ?? false,
  });
  const discovery = new Discovery({ requester, clock, logger });
  const calls = new Calls(requester, discovery);
  const informers = new InformerRegistry({
    ...surroundings,
    requester,
    resolve: (ref) => calls.resolve(ref),
  });
  const writer = createWriter(calls, { fieldManager: options.fieldManager ?? "kcfg" });
  return {
    namespace: options.config?.namespace ?? "default",
    discovery,
    ...createReader(calls, { clock }),
    ...createWatcher(calls, { clock, random, informers }),
    ...writer,
    ...createSubresources(calls, writer),
    raw: (method, path, rawOptions) => raw(requester, { method, path }, rawOptions),
    accessReview: (rules, requestOptions = {}) => reviewAccess(writer, rules, requestOptions),
    serverVersion: (requestOptions) =>
      calls.json<ServerVersion>({
        target: { path: "/version" },
        method: "GET",
        options: requestOptions,
      }),
    async close() {
      await informers.close();
      await transport.close();
    },
  };
}

function createWatcher(
  calls: Calls,
  { clock, random, informers }: {
    readonly clock: NonNullable<KubeClientOptions["clock"]>;
    readonly random: () => number;
    readonly informers: InformerRegistry;
  },
): KubeWatcher {
  return {
    async *watch<T extends KubeObject>(
      ref: ObjectRef,
      options: WatchOptions = {},
    ): AsyncGenerator<WatchEvent<T>, void, void> {
      const target = await calls.resolve(ref);
      const { batches } = await openWatch<T>(calls.requester, target, {
        ...options,
        clock,
        random,
      });
      for await (const batch of batches) for (const { event } of batch) yield event;
    },
    informer<T extends KubeObject>(options: InformerOptions): Informer<T> {
      const { resource, fieldSelector } = options;
      if ("resource" in resource) {
        // Told here and not by a loop that could never succeed.
        const verbs: Verb[] = options.mode === "watch-list" ? ["watch"] : ["list", "watch"];
        for (const verb of verbs) {
          calls.requester.checkScope({ ref: resource, verb }, { fieldSelector });
        }
      }
      return informers.informer<T>(options);
    },
  };
}

const RAW_MAX_BYTES = 512 * 1024 * 1024;

async function raw(
  requester: Requester,
  { method, path }: { readonly method: string; readonly path: string },
  options: RawOptions = {},
): Promise<RawAnswer> {
  const { query = {}, body, contentType, accept } = options;
  const parsed = parseApiPath(method, path, query);
  const response = await requester.send({
    target: parsed.kind === "other" ? { path: parsed.path } : parsed,
    method: method.toUpperCase(),
    query,
    body,
    contentType,
    accept,
    options,
  });
  const bytes = await response.bytes(RAW_MAX_BYTES);
  return { status: response.status, headers: response.headers, bytes };
}
