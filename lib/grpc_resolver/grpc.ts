/**
 * The engine behind the resolver interface of `@grpc/grpc-js` (resolve.md 7). Reaches gRPC through its `experimental`
 * door alone, and through the caller's copy: the table of schemes lives inside one copy of the module.
 */

import type * as grpcJs from "@grpc/grpc-js";
import type { KubeReader, KubeWatcher } from "#lib/kube/contract.ts";
import { parseGoDuration } from "#lib/format/duration.ts";
import type { Logger } from "#lib/log/logger.ts";
import { systemClock } from "#lib/run/clock.ts";
import { type AuthorityForm, authorityOf } from "./authority.ts";
import { ChannelResolver, type Delivery, type EmptyPolicy } from "./channel_resolver.ts";
import { hostVariable, stderrLogger } from "./host.ts";
import { installHttp2Guard } from "./http2_guard.ts";
import { type LibraryOptions, toEngineOptions } from "./library_options.ts";
import type { ResolverMetrics } from "./metrics.ts";
import { processMetrics } from "./process_metrics.ts";
import type { ResolvedEndpoint } from "./resolution.ts";
import { SharedWatches } from "./shared_watches.ts";
import { InvalidTargetError, parseTarget, type Target } from "./target.ts";
import { tracedLogger } from "./trace.ts";

/** The module `@grpc/grpc-js`. */
export type GrpcModule = typeof grpcJs;

/** What the resolver asks of a Kubernetes client. */
export type ResolverClient = Pick<KubeReader, "get"> & Pick<KubeWatcher, "informer">;

/** Options of a registration. */
export interface RegisterOptions extends LibraryOptions {
  /**
   * The program's own `@grpc/grpc-js`, 1.14 or later; by default the copy that the library finds. A scheme is known
   * to one copy alone, so a program with several passes the one that it makes channels with.
   */
  readonly grpc?: GrpcModule | undefined;
  /** Scheme of the targets, `kubernetes` by default. */
  readonly scheme?: string | undefined;
  /** Client, or how to make one when the first channel resolves. */
  readonly client: ResolverClient | (() => ResolverClient | Promise<ResolverClient>);
  /** Namespace of targets that name none; asked once. */
  readonly namespace?: string | (() => string) | undefined;
  /** `fail` (default), `keep`, or `keep:30s`. */
  readonly emptyPolicy?: string | undefined;
  /** Form of the authority, `short` by default: `SERVICE.NAMESPACE`. */
  readonly authority?: AuthorityForm | undefined;
  /** `cluster.local` by default. */
  readonly clusterDomain?: string | undefined;
  /** Service config for every channel; it overrides the channel's own. */
  readonly serviceConfig?: Readonly<Record<string, unknown>> | undefined;
  /** Passes zones, nodes and pods to load balancing policies; false by default. */
  readonly exposeAttributes?: boolean | undefined;
  /** Guard against denoland/deno#36788 on Deno 2.9.4 to 2.9.6; true by default. */
  readonly denoHttp2Guard?: boolean | undefined;
  /** Where to count; the process's registry (`metricsText`) by default, `false` for nowhere. */
  readonly metrics?: ResolverMetrics | false | undefined;
}

type Experimental = GrpcModule["experimental"];
type Listener = ConstructorParameters<Parameters<Experimental["registerResolver"]>[1]>[1];

const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/** gRPC takes the way through these (lower case only) before it asks a resolver. */
const PROXY_VARIABLES = ["grpc_proxy", "https_proxy", "http_proxy"];

/**
 * Makes the scheme known to gRPC; the last registration of a scheme counts. Resolves when channels can be made: with
 * `grpc` given the scheme is known at once, and only the guard, where one is needed, is waited for.
 *
 * @throws {TypeError} for a malformed option or a version of gRPC that is too old
 */
export function register(options: RegisterOptions): Promise<void> {
  const { scheme = "kubernetes", grpc } = options;
  if (!SCHEME.test(scheme)) {
    throw new TypeError(`Cannot register scheme "${scheme}": must match ${SCHEME.source}`);
  }
  if (grpc !== undefined) return registerWith(grpc, scheme, options);
  return import("@grpc/grpc-js").then((own) => registerWith(own, scheme, options));
}

function registerWith(
  grpc: GrpcModule,
  scheme: string,
  options: RegisterOptions,
): Promise<void> {
  checkVersion(grpc);
  const { clock = systemClock } = options;
  const logger = tracedLogger(options.logger ?? stderrLogger(clock), grpc);
  const metrics = options.metrics === false ? undefined : options.metrics ?? processMetrics();
  const emptyPolicy = parseEmptyPolicy(options.emptyPolicy ?? "fail");
  const serviceConfig = checkServiceConfig(options.serviceConfig);
  const client = lazyClient(options.client);
  const namespace = once(() => {
    const given = options.namespace ?? ownNamespace(options.client);
    return typeof given === "function" ? given() : given ?? "default";
  });
  const watches = new SharedWatches(toEngineOptions(options), {
    deps: () => ({ kube: client.get(), clock, logger }),
    metrics,
  });
  const parse = (uri: GrpcUri) => parseTarget(textOf(uri, scheme), { namespace });

  class KubernetesResolver {
    readonly #resolver: ChannelResolver;

    constructor(uri: GrpcUri, listener: Listener) {
      const target = parseOrError(() => parse(uri));
      const delivery = deliveryTo(listener, { grpc, serviceConfig, options });
      this.#resolver = new ChannelResolver(target, {
        ...{ watches, delivery, emptyPolicy, clock, logger, prepare: client.prepare },
        onDelivered: (result) => {
          if (!(target instanceof Error)) metrics?.delivered(target.canonical, result);
        },
      });
    }

    updateResolution(): void {
      this.#resolver.updateResolution();
    }

    destroy(): void {
      this.#resolver.destroy();
    }

    static getDefaultAuthority(uri: GrpcUri): string {
      return authorityOf(parse(uri), options);
    }
  }
  grpc.experimental.registerResolver(scheme, KubernetesResolver);
  warnOfProxy(logger);
  if (options.denoHttp2Guard === false) return Promise.resolve();
  return installHttp2Guard().then(() => undefined);
}

/** Targets with a number or no port go to the proxy instead; once a registration, when it can be prevented. */
function warnOfProxy(logger: Logger): void {
  const variable = PROXY_VARIABLES.find((name) => hostVariable(name) !== undefined);
  if (variable === undefined) return;
  logger.warn("gRPC takes targets to a proxy, not to the resolver, unless channels say otherwise", {
    variable,
    remedy: '"grpc.enable_http_proxy": 0 in the options of channels, as roundRobin() has',
  });
}

type GrpcUri = Parameters<Experimental["uriToString"]>[0];

/** gRPC takes targets apart in a way of its own; put together again they are parsed by our rules. */
function textOf({ scheme, authority, path }: GrpcUri, fallback: string): string {
  return `${scheme ?? fallback}:${authority === undefined ? "" : `//${authority}/`}${path}`;
}

function parseOrError(parse: () => Target): Target | InvalidTargetError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidTargetError) return error;
    throw error;
  }
}

function deliveryTo(
  listener: Listener,
  { grpc, serviceConfig, options }: {
    readonly grpc: GrpcModule;
    readonly serviceConfig: Readonly<Record<string, unknown>> | undefined;
    readonly options: RegisterOptions;
  },
): Delivery {
  const { statusOrFromValue, statusOrFromError, SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX } =
    grpc.experimental;
  type Config = NonNullable<Parameters<Listener>[2]>;
  const config = serviceConfig === undefined
    ? null
    : statusOrFromValue(serviceConfig) as unknown as Config;
  return {
    endpoints(endpoints, note) {
      // Attributes count as part of a connection's identity, but for this prefix.
      const attributes = options.exposeAttributes === true
        ? { [`${SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX}.kcfg_endpoints`]: endpoints }
        : {};
      return listener(statusOrFromValue(endpoints.map(toGrpc)), attributes, config, note);
    },
    error(details) {
      const error = { code: grpc.status.UNAVAILABLE, details };
      listener(statusOrFromError(error), {}, config, "");
    },
  };
}

function toGrpc({ addresses }: ResolvedEndpoint) {
  return { addresses: addresses.map(({ host, port }) => ({ host, port })) };
}

function checkVersion(grpc: GrpcModule): void {
  const door: Partial<Experimental> | undefined = grpc.experimental;
  if (door?.registerResolver !== undefined && door.statusOrFromValue !== undefined) return;
  throw new TypeError("Cannot register: @grpc/grpc-js is too old, 1.14 or later is needed");
}

function parseEmptyPolicy(text: string): EmptyPolicy {
  if (text === "fail") return { kind: "fail" };
  if (text === "keep") return { kind: "keep", failAfterMs: undefined };
  const time = /^keep:(.+)$/.exec(text)?.[1];
  if (time !== undefined) return { kind: "keep", failAfterMs: parseGoDuration(time) };
  throw new TypeError(`Cannot register: emptyPolicy "${text}" is not fail, keep or keep:DURATION`);
}

function checkServiceConfig(
  config: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (config === undefined) return undefined;
  const { loadBalancingConfig = [], methodConfig = [] } = config;
  for (const [name, value] of Object.entries({ loadBalancingConfig, methodConfig })) {
    const isList = Array.isArray(value) &&
      value.every((one) => typeof one === "object" && one !== null);
    if (!isList) {
      throw new TypeError(`Cannot register: serviceConfig.${name} is no list of objects`);
    }
  }
  return { ...config, loadBalancingConfig, methodConfig };
}

/** A whole client knows its namespace. */
function ownNamespace(client: RegisterOptions["client"]): string | undefined {
  const { namespace }: { readonly namespace?: unknown } = client as { namespace?: unknown };
  return typeof namespace === "string" ? namespace : undefined;
}

/** Made when the first channel resolves; a failure is tried again by the next one that asks. */
function lazyClient(given: RegisterOptions["client"]) {
  let made = typeof given === "function" ? undefined : given;
  let making: Promise<void> | undefined;
  return {
    get(): ResolverClient {
      if (made === undefined) throw new Error("Cannot resolve: the client is not made yet");
      return made;
    },
    prepare(): Promise<void> | undefined {
      if (made !== undefined || typeof given !== "function") return undefined;
      return making ??= (async () => {
        try {
          made = await given();
        } finally {
          making = undefined;
        }
      })();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
