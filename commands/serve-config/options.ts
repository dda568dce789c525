/**
 * What `kcfg serve-config` can be told, under the names of the program it replaces (serve-config.md 2).
 * Pure: flags and environment in, checked options out. Each part has its own flags in its own file.
 */

import { logFlags } from "#lib/cli/common_flags.ts";
import { KUBE_FLAGS, RBAC_FLAGS, toKubeSettings, toRbacOptions } from "#lib/cli/kube_flags.ts";
import type { FlagProblem, ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { RbacOptions } from "#lib/kube/mod.ts";
import { AUTH_FLAGS, toAuthSettings } from "./auth/flags.ts";
import type { AuthSettings } from "./auth/flags.ts";
import { BUS_FLAGS, toBusSettings } from "./bus/flags.ts";
import type { BusSettings } from "./bus/flags.ts";
import { CACHE_FLAGS, toCacheSettings } from "./cache/cache_flags.ts";
import type { CacheSettings } from "./cache/cache_flags.ts";
import { CONTENT_FLAGS, toContentSettings } from "./content_flags.ts";
import type { ContentSettings } from "./content_flags.ts";
import { FORWARD_FLAGS, toForwardSettings } from "./requests/forward_flags.ts";
import type { ForwardSettings } from "./requests/forward_flags.ts";
import { LISTENER_FLAGS, toListenerSettings } from "./listener_flags.ts";
import type { ListenerSettings } from "./listener_flags.ts";
import { PROCESS_FLAGS } from "./process_flags.ts";
import { REFRESH_FLAGS, toRefreshSettings } from "./refresh/flags.ts";
import type { RefreshSettings } from "./refresh/flags.ts";
import { RING_FLAGS, toRingSettings } from "./ring/flags.ts";
import type { RingSettings } from "./ring/flags.ts";
import { toTracingSettings } from "./tracing/settings.ts";
import type { TracingSettings } from "./tracing/settings.ts";

/** The flag table, in the order of help and log. */
export const FLAGS = {
  ...CONTENT_FLAGS,
  ...LISTENER_FLAGS,
  ...CACHE_FLAGS,
  ...PROCESS_FLAGS,
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
export interface ServeConfigOptions extends ContentSettings, ListenerSettings, CacheSettings {
  /** How to reach the API server, for those parts that ask it. */
  readonly kube: KubeSettings;
  /** Print the rights instead of running. */
  readonly rbac: Omit<RbacOptions, "command" | "namespaces"> | undefined;
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
  /** Answer every failure with 500, as the replaced program does without its cache. */
  readonly legacyErrors: boolean;
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
  const bus = toBusSettings(resolved);
  const refresh = toRefreshSettings(resolved);
  if (refresh.publishes && bus === undefined) {
    throw new UsageError("Option monitor-publish: it needs the bus, --refresh=true");
  }
  return {
    ...toContentSettings(resolved),
    ...toListenerSettings(resolved),
    ...toCacheSettings(resolved),
    kube: toKubeSettings(values),
    rbac: toRbacOptions(values),
    ring: toRingSettings(resolved, env),
    bus,
    refresh,
    auth: toAuthSettings(resolved),
    forward: toForwardSettings(resolved),
    podName: env["POD_NAME"] === "" ? undefined : env["POD_NAME"],
    tracing: toTracingSettings(env),
    legacyErrors: !values.cache && values["backend-options"].includes("legacy-nocache-errors"),
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
