/**
 * What `kcfg serve-config` can be told, under the names of the program it replaces (serve-config.md 2).
 * Pure: flags and environment in, checked options out.
 */

import { logFlags } from "#lib/cli/common_flags.ts";
import { boolFlag, durationFlag, numberFlag, optionalTextFlag, textFlag } from "#lib/cli/flag.ts";
import type { Flag } from "#lib/cli/flag.ts";
import { KUBE_FLAGS, RBAC_FLAGS, toKubeSettings, toRbacOptions } from "#lib/cli/kube_flags.ts";
import type { FlagProblem, ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { parseListenAddress } from "#lib/http/address.ts";
import type { ListenAddress } from "#lib/http/address.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { RbacOptions } from "#lib/kube/mod.ts";
import { parseBackend } from "./backend.ts";
import { type Api, type BackendOptions, parseBackendOptions } from "./backend_options.ts";
import type { Backend } from "./backend.ts";
import { AUTH_FLAGS, toAuthSettings } from "./auth/flags.ts";
import type { AuthSettings } from "./auth/flags.ts";
import { BUS_FLAGS, toBusSettings } from "./bus/flags.ts";
import type { BusSettings } from "./bus/flags.ts";
import { FORWARD_FLAGS, toForwardSettings } from "./forward_flags.ts";
import type { ForwardSettings } from "./forward_flags.ts";
import { REFRESH_FLAGS, toRefreshSettings } from "./refresh/flags.ts";
import type { RefreshSettings } from "./refresh/flags.ts";
import { RING_FLAGS, toRingSettings } from "./ring/flags.ts";
import type { RingSettings } from "./ring/flags.ts";
import { toTracingSettings } from "./tracing/settings.ts";
import type { TracingSettings } from "./tracing/settings.ts";

/** The flag table. */
export const FLAGS = {
  backend: textFlag({
    brief:
      "Where the files come from: dir:PATH, kube:[NAMESPACE,…], or the base URL of an HTTP server",
    category: "Content",
    default: "dir:samples",
    env: ["BACKEND"],
    placeholder: "BACKEND",
    sensitive: "url",
  }),
  "backend-options": textFlag({
    brief:
      "Words for the backend, separated by commas or blanks: flatten, search-paths=A;B, label-dirs, accept-empty, " +
      "configmaps, secrets, selector=S, annotation-opt-in, each with =true or =false where it is a switch",
    category: "Content",
    default: "",
    env: ["BACKEND_OPTIONS"],
    placeholder: "WORDS",
  }),
  "backend-timeout": durationFlag({
    brief: "Longest time for one load, 0 for no limit",
    category: "Content",
    default: "30s",
    minMs: 0,
    env: ["BACKEND_TIMEOUT"],
  }),
  api: {
    brief:
      "HTTP interface: raw serves files by path, spring is Spring Cloud Config's, both is raw first " +
      "(over an HTTP backend: raw, events matched by application); spring by default for kube:, else raw",
    category: "Content",
    env: ["API"],
    placeholder: "API",
    choices: ["raw", "spring", "both"],
    parse: parseApi,
  } as Flag<Api | undefined>,
  "client-cache-control": textFlag({
    brief: "Cache-Control of every answer with content",
    category: "Content",
    default: "no-cache",
    env: ["CLIENT_CACHE_CONTROL"],
  }),
  "listen-addr": addressFlag("Application listener", ":8080", "LISTEN_ADDR"),
  "health-addr": addressFlag("Health listener", ":8888", "HEALTH_ADDR"),
  "health-path": pathFlag("Path of the health answer", "/health", "HEALTH_PATH"),
  "metrics-addr": addressFlag("Metrics listener", ":3000", "METRICS_ADDR"),
  "metrics-path": pathFlag("Path of the metrics", "/metrics", "METRICS_PATH"),
  "metrics-uri-limit": numberFlag({
    brief: "Most request paths that get series of their own; the others share one",
    category: "Listeners",
    default: "500",
    min: 1,
    max: 100_000,
    env: ["METRICS_URI_LIMIT"],
  }),
  "request-metrics": boolFlag({
    brief: "Count and time the requests of the application listener",
    category: "Listeners",
    default: "true",
    env: ["REQUEST_METRICS"],
  }),
  cache: boolFlag({
    brief: "Keep loaded objects; without it every request goes to the backend",
    category: "Cache",
    default: "true",
    env: ["CACHE"],
  }),
  ttl: durationFlag({
    brief: "How long an object is served without asking again, 0 for ever",
    category: "Cache",
    default: "0",
    env: ["TTL"],
  }),
  "ttl-jitter": numberFlag({
    brief: "Fraction by which the time to live is shortened at random, 0 to 0.5",
    category: "Cache",
    default: "0",
    min: 0,
    max: 0.5,
    fraction: true,
    env: ["TTL_JITTER"],
  }),
  "error-ttl": durationFlag({
    brief:
      "How long the backend is not asked again for an absent object (below 5s: nor after a failure)",
    category: "Cache",
    default: "0",
    minMs: 0,
    env: ["CACHE_ERROR_TTL"],
  }),
  "stale-if-error": durationFlag({
    brief: "How long the last answer stands in for a failing backend, 0 for not at all",
    category: "Cache",
    default: "1h",
    minMs: 0,
    env: ["STALE_IF_ERROR"],
  }),
  "stale-while-revalidate": durationFlag({
    brief:
      "How long an expired object is answered at once while it is loaded again, 0 for not at all",
    category: "Cache",
    default: "0",
    minMs: 0,
    env: ["STALE_WHILE_REVALIDATE"],
  }),
  "cache-bytes": bytesFlag("Bytes that keys and objects may take", "67108864", [
    "CACHE_BYTES",
    "GROUPCACHE_SIZE_BYTES",
  ]),
  "max-object-bytes": bytesFlag("Largest object that is served", "8388608", ["MAX_OBJECT_BYTES"]),
  "max-inflight": numberFlag({
    brief: "Most requests waiting for a load at once; more are answered with 503",
    category: "Limits",
    default: "1024",
    min: 1,
    max: 1_000_000,
    env: ["MAX_INFLIGHT"],
  }),
  "max-backend-inflight": numberFlag({
    brief: "Most loads at once; more wait their turn",
    category: "Limits",
    default: "64",
    min: 1,
    max: 100_000,
    env: ["MAX_BACKEND_INFLIGHT"],
  }),
  "jaeger-url": optionalTextFlag({
    brief: "Accepted for compatibility; the replaced program read it and used it for nothing",
    category: "Compatibility",
    env: ["JAEGER_URL"],
    placeholder: "URL",
    sensitive: "url",
  }),
  "shutdown-delay": durationFlag({
    brief: "Time between turning unready and closing the application listener",
    category: "Process",
    default: "0s",
    minMs: 0,
    env: ["SHUTDOWN_DELAY"],
  }),
  "shutdown-timeout": durationFlag({
    brief: "Longest time for requests in flight to finish at the stop",
    category: "Process",
    default: "5s",
    minMs: 0,
    env: ["SHUTDOWN_TIMEOUT"],
  }),
  "strict-env": boolFlag({
    brief: "Refuse to start when a variable is malformed, instead of using the default",
    category: "Process",
    default: "false",
    env: ["STRICT_ENV"],
  }),
  ...KUBE_FLAGS,
  ...RBAC_FLAGS,
  ...logFlags({
    level: "info",
    format: "text",
    levelEnv: ["LOG_LEVEL"],
    formatEnv: ["LOG_FORMAT"],
  }),
  ...RING_FLAGS,
  ...BUS_FLAGS,
  ...REFRESH_FLAGS,
  ...AUTH_FLAGS,
  ...FORWARD_FLAGS,
} as const;

/** Checked options. Times in milliseconds, sizes in bytes. */
export interface ServeConfigOptions {
  readonly backend: Backend;
  readonly backendOptions: BackendOptions;
  readonly api: Api;
  /** How to reach the API server, for those parts that ask it. */
  readonly kube: KubeSettings;
  /** Print the rights instead of running. */
  readonly rbac: Omit<RbacOptions, "command" | "namespaces"> | undefined;
  readonly backendTimeoutMs: number;
  readonly clientCacheControl: string;
  readonly listen: ListenAddress;
  readonly health: ListenAddress & { readonly path: string };
  readonly metrics: ListenAddress & {
    readonly path: string;
    readonly uriLimit: number;
    /** Whether requests are counted and timed. */
    readonly requests: boolean;
  };
  readonly cache: {
    readonly enabled: boolean;
    /** `undefined` for entries that never expire. */
    readonly ttlMs: number | undefined;
    readonly ttlJitter: number;
    readonly budgetBytes: number;
    /** How long failures are remembered; 0 for not at all. */
    readonly errorTtlMs: number;
    readonly staleIfErrorMs: number;
    readonly staleWhileRevalidateMs: number;
  };
  readonly ring: RingSettings;
  /** `undefined` when the bus is off. */
  readonly bus: BusSettings | undefined;
  readonly refresh: RefreshSettings;
  readonly auth: AuthSettings;
  readonly forward: ForwardSettings;
  /** Own pod, from the downward API. */
  readonly podName: string | undefined;
  /** `undefined` when nothing asks for traces. */
  readonly tracing: TracingSettings | undefined;
  /** Answer with the backend's own content type. */
  readonly keepContentType: boolean;
  /** Answer every failure with 500, as the replaced program does without its cache. */
  readonly legacyErrors: boolean;
  readonly maxObjectBytes: number;
  readonly maxInflight: number;
  readonly maxBackendInflight: number;
  readonly shutdownDelayMs: number;
  readonly shutdownTimeoutMs: number;
  readonly log: {
    readonly level: "trace" | "debug" | "info" | "warn" | "error";
    readonly format: "text" | "json" | "auto";
  };
  /** Every option as `name=value`, ready for the log. */
  readonly shown: readonly string[];
  /** Malformed variables whose default is used. */
  readonly problems: readonly FlagProblem[];
  /** Things the user should know, said once at start. */
  readonly notices: readonly string[];
}

/**
 * Checks the flags against each other and against what this version has.
 *
 * @throws {UsageError} for a contradiction, a feature that is not there, or with `--strict-env` a malformed
 * variable
 */
export function toOptions(
  resolved: ResolvedFlags<typeof FLAGS>,
  env: Readonly<Record<string, string>>,
): ServeConfigOptions {
  const { values, sources, texts, problems } = resolved;
  const [problem] = problems;
  if (values["strict-env"] && problem !== undefined) {
    throw new UsageError(`Variable ${problem.variable}: ${problem.reason}`);
  }
  const backend = parseBackend(values.backend);
  const api = values.api ?? (backend.kind === "kube" ? "spring" : "raw");
  // Over HTTP `both` is raw whose keys are read as Spring's when a refresh event is matched.
  if (api === "spring" && backend.kind === "http") {
    throw new UsageError("Option api: spring needs a backend of files, not an HTTP server", [
      "an HTTP backend that speaks Spring's interface is passed on as it is with --api=raw",
    ]);
  }
  return {
    backend,
    backendOptions: parseBackendOptions(values["backend-options"], { backend, api }),
    api,
    kube: toKubeSettings(values),
    rbac: toRbacOptions(values),
    backendTimeoutMs: values["backend-timeout"],
    clientCacheControl: values["client-cache-control"],
    listen: values["listen-addr"],
    health: { ...values["health-addr"], path: values["health-path"] },
    metrics: {
      ...values["metrics-addr"],
      path: values["metrics-path"],
      uriLimit: values["metrics-uri-limit"],
      requests: values["request-metrics"],
    },
    cache: {
      enabled: values.cache,
      ttlMs: values.ttl === 0 ? undefined : values.ttl,
      ttlJitter: values["ttl-jitter"],
      budgetBytes: values["cache-bytes"],
      errorTtlMs: values["error-ttl"],
      staleIfErrorMs: values["stale-if-error"],
      staleWhileRevalidateMs: values["stale-while-revalidate"],
    },
    ring: toRingSettings(resolved, env),
    bus: toBusSettings(resolved),
    refresh: toRefreshSettings(resolved),
    auth: toAuthSettings(resolved),
    forward: toForwardSettings(resolved),
    podName: env["POD_NAME"] === "" ? undefined : env["POD_NAME"],
    tracing: toTracingSettings(env),
    keepContentType: values["backend-options"].includes("keep-content-type"),
    legacyErrors: !values.cache && values["backend-options"].includes("legacy-nocache-errors"),
    maxObjectBytes: values["max-object-bytes"],
    maxInflight: values["max-inflight"],
    maxBackendInflight: values["max-backend-inflight"],
    shutdownDelayMs: values["shutdown-delay"],
    shutdownTimeoutMs: values["shutdown-timeout"],
    log: { level: values["log-level"], format: values["log-format"] },
    shown: (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).filter((name) => isShown(name, sources))
      .map((name) => `${name}=${texts[name]}`),
    problems,
    notices: sources["jaeger-url"] === "default" ? [] : ["jaeger-url is accepted and not used"],
  };
}

/** The way to the API server is shown where it was chosen; by default it is nobody's business. */
function isShown(
  name: keyof typeof FLAGS,
  sources: ResolvedFlags<typeof FLAGS>["sources"],
): boolean {
  if (name in RBAC_FLAGS) return false;
  return !(name in KUBE_FLAGS) || sources[name] !== "default";
}

function parseApi(text: string): Api {
  if (text === "raw" || text === "spring" || text === "both") return text;
  throw new SyntaxError(`"${text}" is not one of raw, spring, both`);
}

function addressFlag(brief: string, address: string, variable: string): Flag<ListenAddress> {
  return {
    brief,
    category: "Listeners",
    default: address,
    env: [variable],
    placeholder: "ADDRESS",
    parse: parseListenAddress,
  };
}

function pathFlag(brief: string, path: string, variable: string): Flag<string> {
  return {
    brief,
    category: "Listeners",
    default: path,
    env: [variable],
    placeholder: "PATH",
    parse(text) {
      if (!/^\/[\x21-\x7e]*$/.test(text)) {
        throw new SyntaxError(`"${text}" is not an absolute path`);
      }
      return text;
    },
  };
}

function bytesFlag(brief: string, bytes: string, env: readonly string[]): Flag<number> {
  return numberFlag({
    brief,
    category: "Limits",
    default: bytes,
    placeholder: "BYTES",
    min: 1,
    max: 2 ** 40,
    env,
  });
}
