/** One channel's resolver on a scripted collection of slices, with time moved by hand: no sockets, no gRPC. */

import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import { ChannelResolver, type EmptyPolicy } from "#lib/grpc_resolver/channel_resolver.ts";
import { ResolverMetrics } from "#lib/grpc_resolver/metrics.ts";
import type { EngineOptions } from "#lib/grpc_resolver/resolver.ts";
import { SharedWatches } from "#lib/grpc_resolver/shared_watches.ts";
import { parseTarget } from "#lib/grpc_resolver/target.ts";
import { createKubeClient } from "#lib/kube/client.ts";
import type { KubeClient } from "#lib/kube/contract.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { type Fault, ScriptedCollection, status } from "#tests/support/scripted_collection.ts";
import { slice, type SliceParts } from "#tests/support/slices.ts";

/** What may be varied. */
export interface ResolverFixtureOptions extends EngineOptions {
  readonly target?: string;
  readonly emptyPolicy?: EmptyPolicy;
  /** Answers what is not about slices; 404 by default. */
  readonly elsewhere?: Fault;
}

/** The parts. */
export interface ResolverFixture extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly server: ScriptedCollection;
  readonly client: KubeClient;
  readonly resolver: ChannelResolver;
  readonly metrics: ResolverMetrics;
  readonly log: CapturedLog;
  /** What gRPC was told, oldest first: addresses in one text, or `error: …`. */
  readonly told: string[];
  /** Stores a slice of the Service. */
  put(name: string, parts?: SliceParts): void;
  /** Requests for slices, as `list@` and `watch@<version>`. */
  requests(): string[];
}

/** Makes a resolver that has not started; random is 0, so that waits are the shortest ones. */
export function resolverFixture(options: ResolverFixtureOptions = {}): ResolverFixture {
  const { target: text = "kubernetes:///web.prod:grpc", emptyPolicy = { kind: "fail" } } = options;
  const { elsewhere = () => status(404, "NotFound"), ...engine } = options;
  const clock = new ManualClock();
  const log = new CapturedLog();
  const metrics = new ResolverMetrics({ clock });
  const server = new ScriptedCollection(clock, {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    namespace: "prod",
    elsewhere: (request) =>
      request.path.endsWith("/endpointslices") ? undefined : elsewhere(request),
  });
  const client = createKubeClient({
    transport: server.transport,
    scope: unrestricted(),
    clock,
    random: () => 0,
    logger: log,
    qps: -1,
  });
  const target = parseTarget(text);
  const told: string[] = [];
  const watches = new SharedWatches(engine, {
    deps: () => ({ kube: client, clock, logger: log, random: () => 0 }),
    metrics,
  });
  const resolver = new ChannelResolver(target, {
    ...{ watches, emptyPolicy, clock, logger: log },
    delivery: {
      endpoints(endpoints) {
        told.push(endpoints.flatMap(({ addresses }) => addresses.map(formatHostPort)).join(" "));
        return true;
      },
      error: (message) => void told.push(`error: ${message}`),
    },
    onDelivered: (result) => metrics.delivered(target.canonical, result),
  });
  return {
    ...{ clock, server, client, resolver, metrics, log, told },
    put: (name, parts) => server.store(name, slice(name, parts)),
    requests: () =>
      server.transport.requests.filter(({ path }) => path.endsWith("/endpointslices"))
        .map(({ query }) =>
          `${query.get("watch") === "true" ? "watch" : "list"}@${
            query.get("resourceVersion") ?? ""
          }`
        ),
    async [Symbol.asyncDispose]() {
      resolver.destroy();
      await client.close();
    },
  };
}
