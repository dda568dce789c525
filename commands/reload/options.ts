/** From flags to checked options: aliases resolved, contradictions refused (reload.md 2). Pure. */

import { toKubeSettings, toRbacOptions } from "#lib/cli/kube_flags.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import type { ScannedArgs } from "#lib/cli/scan_args.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import type { ListenAddress } from "#lib/http/address.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { RbacOptions } from "#lib/kube/mod.ts";
import type { LogLevel } from "#lib/log/logger.ts";
import type { Action } from "./actions/action.ts";
import type { HttpActionOptions } from "./actions/http_action.ts";
import type { ChildOptions } from "./child.ts";
import type { FileOptions } from "./disk/files.ts";
import type { FLAGS } from "./flag_table.ts";
import type { MetricsCompat } from "./metrics_compat.ts";
import {
  actionsOf,
  httpOf,
  onStartOf,
  retryAttemptsOf,
  verifiesTarget,
  verifyOf,
} from "./option_reload.ts";
import { type SourceOptions, sourcesOf, splitPath } from "./option_sources.ts";
import {
  absolute,
  durationOr,
  globsOf,
  itemsOf,
  lines,
  listenOf,
  modeOf,
  ownerOf,
  signalOf,
  wordsOf,
} from "./option_values.ts";
import type { PayloadOptions } from "./payload/payload.ts";
import type { TransformOptions } from "./payload/transforms.ts";
import type { UrlKeysOptions } from "./payload/url_keys.ts";
import type { VerifyOptions } from "./verify.ts";

/** Checked options; times in milliseconds. */
export interface ReloadOptions {
  /** Absolute; for a volume used in place, the volume. */
  readonly configRoot: string;
  /** Whether files are written at all; a volume in place is only watched. */
  readonly writes: boolean;
  readonly sources: readonly SourceOptions[];
  readonly missing: "fail" | "wait" | "empty";
  readonly onDelete: "keep" | "empty" | "exit";
  readonly onEmpty: "apply" | "keep";
  readonly startupTimeoutMs: number;
  readonly payload: PayloadOptions;
  readonly transforms: Omit<TransformOptions, "env">;
  /** Keys that hold a URL; `undefined` where a key is a file whatever its name. */
  readonly urlKeys: UrlKeysOptions | undefined;
  readonly layout: "symlink" | "flat";
  readonly files: FileOptions;
  readonly keepVersions: number;
  readonly debounceMs: number;
  readonly debounceMaxMs: number;
  readonly reloadMinIntervalMs: number;
  readonly resyncMs: number;
  readonly splayMs: number;
  readonly once: boolean;
  readonly actions: readonly Action["name"][];
  readonly reloadSignal: Deno.Signal;
  readonly signalWaitMs: number;
  readonly signalProcess: {
    readonly name: string;
    readonly match: "exe" | "comm" | "cmdline";
  };
  readonly pidFile: string;
  readonly reloadCommand: readonly string[];
  readonly http: HttpActionOptions;
  readonly retryMaxElapsedMs: number;
  /** From `--webhook-retries`: the fast phase is so many further tries at this distance. */
  readonly retryAttempts: {
    readonly attempts?: { readonly count: number; readonly everyMs: number };
  };
  /** 0 gives up after the fast phase. */
  readonly retryIntervalMs: number;
  readonly reloadOnStart: "always" | "changed" | "never";
  readonly rollback: boolean;
  /** Variable whose digits at the end become `STATEFULSET_ORDINAL_NUMBER`. */
  readonly ordinalVariable: string;
  /** `undefined` for none. */
  readonly validate: { readonly argv: readonly string[]; readonly timeoutMs: number } | undefined;
  readonly verify: VerifyOptions | undefined;
  /** `undefined` beside an application in another container. */
  readonly child: ChildOptions | undefined;
  readonly childExitZero: number;
  readonly listen: ListenAddress | undefined;
  readonly healthReloadGraceMs: number;
  readonly healthMaxStalenessMs: number;
  /** Paths of the metrics. */
  readonly metricsPaths: readonly string[];
  readonly metricsCompat: MetricsCompat;
  readonly enableAdmin: boolean;
  readonly events: boolean;
  /** With `--compat=k8s-sidecar`: where its probes ask. */
  readonly sidecarHealth?: ListenAddress | undefined;
  /** With `--compat`: the command line to use instead, without passwords. */
  readonly equivalent?: string;
  readonly kube: KubeSettings;
  readonly rbac: Omit<RbacOptions, "command" | "namespaces"> | undefined;
  readonly log: { readonly level: LogLevel; readonly format: "text" | "json" | "auto" };
  /** Said once at the start. */
  readonly notices: readonly string[];
}

/** Values of the flags. */
export type Values = ResolvedFlags<typeof FLAGS>["values"];
/** Where each value came from. */
export type Sources = ResolvedFlags<typeof FLAGS>["sources"];

/** Verbosity of glog from which on its users expect debug lines. */
const DEBUG_VERBOSITY = 2;

/**
 * Checks the flags against each other.
 *
 * @param cwd folder that relative paths are relative to
 * @throws {UsageError} for a contradiction or when something needed is missing
 */
export function toOptions(
  { values, sources: given }: ResolvedFlags<typeof FLAGS>,
  { passthrough, positionals }: Pick<ScannedArgs, "passthrough" | "positionals">,
  cwd: string,
): ReloadOptions {
  if (passthrough !== undefined && passthrough.length === 0) {
    throw new UsageError("There is no application behind --", ["name its program there"]);
  }
  const child = passthrough === undefined ? undefined : childOf(values, passthrough);
  const sources = sourcesOf(values);
  const copy = copyOf(values);
  const isInPlace = sources.every((source) => source.kind === "volume" && source.inPlace);
  const [first] = sources;
  const root = values.configroot ?? copy?.folder ??
    (isInPlace && first?.kind === "volume" ? first.path : undefined);
  if (root === undefined || root === "") {
    throw new UsageError("Option configroot: the directory for the files is missing", [
      "name it with --configroot=DIR",
    ]);
  }
  const reading = values["print-rbac"] ? undefined : actionsOf(values, given, child !== undefined);
  const isOnce = values.once || values["watch-interval"] === "0";
  return {
    configRoot: absolute(root, cwd),
    writes: !isInPlace,
    sources: sources.map((source) =>
      source.kind === "volume" ? { ...source, path: absolute(source.path, cwd) } : source
    ),
    missing: values.missing,
    onDelete: values["on-delete"],
    onEmpty: values["on-empty"],
    startupTimeoutMs: values["startup-timeout"],
    payload: {
      items: copy === undefined ? itemsOf(lines(values.item)) : copy.items,
      include: globsOf("include", values.include),
      exclude: globsOf("exclude", values.exclude),
      pathSeparator: values["path-separator"],
      onConflict: values["on-conflict"],
    },
    transforms: {
      gunzip: globsOf("gunzip", copy === undefined ? values.gunzip : ["*"]),
      envsubst: globsOf("envsubst", copy === undefined ? values.envsubst : ["*"]),
      envsubstMissing: copy === undefined ? values["envsubst-missing"] : "keep",
    },
    urlKeys: values["url-keys"] === "off"
      ? undefined
      : { anyStatus: values["url-keys"] === "any", timeoutMs: values["reload-timeout"] },
    layout: copy === undefined ? values.layout : "flat",
    files: {
      fileMode: modeOf("file-mode", values["file-mode"]),
      dirMode: modeOf("dir-mode", values["dir-mode"]),
      owner: ownerOf(values.owner),
      fsync: values.fsync,
    },
    keepVersions: values["keep-versions"],
    debounceMs: durationOr("delay-interval", values["delay-interval"], values.debounce),
    debounceMaxMs: values["debounce-max"],
    reloadMinIntervalMs: values["reload-min-interval"],
    resyncMs: durationOr("watch-interval", values["watch-interval"], values["resync-interval"]),
    splayMs: values.splay,
    once: isOnce,
    actions: reading ?? ["none"],
    reloadSignal: signalOf("reload-signal", values["reload-signal"]),
    signalWaitMs: values["reload-signal-wait"],
    signalProcess: {
      name: values["process-executable-name"] ?? values["signal-process"],
      match: values["signal-match"],
    },
    pidFile: values["pid-file"],
    reloadCommand: wordsOf("reload-command", values["reload-command"]),
    http: httpOf(values, given),
    retryMaxElapsedMs: values["reload-retry-max-elapsed"],
    retryAttempts: retryAttemptsOf(values["webhook-retries"]),
    retryIntervalMs: durationOr(
      "retry-interval",
      values["retry-interval"],
      values["reload-retry-interval"],
    ),
    reloadOnStart: onStartOf(values, child !== undefined),
    rollback: values.rollback,
    ordinalVariable: values["statefulset-ordinal-from-envvar"],
    validate: values["validate-command"] === "" ? undefined : {
      argv: wordsOf("validate-command", values["validate-command"]),
      timeoutMs: values["validate-timeout"],
    },
    verify: verifyOf(values),
    child,
    childExitZero: values["child-exit-zero"],
    listen: listenOf(
      values["web.listen-address"] ?? values["listen-address"] ?? values.listen,
    ),
    healthReloadGraceMs: values["health-reload-grace"],
    healthMaxStalenessMs: values["health-max-staleness"],
    metricsPaths: metricsPathsOf(values["web.telemetry-path"]),
    metricsCompat: values["metrics-compat"],
    enableAdmin: values["enable-admin"],
    events: values.events,
    kube: kubeOf(values),
    rbac: toRbacOptions(values),
    log: {
      level: values.v >= DEBUG_VERBOSITY ? "debug" : values["log-level"],
      format: values["log-format"],
    },
    notices: noticesOf(values, given, positionals),
  };
}

/** compat: where `--config-envsubst-file` is, and the key that becomes it. */
function copyOf(
  values: Values,
): { readonly folder: string; readonly items: ReadonlyMap<string, string> } | undefined {
  const copy = values["config-envsubst-file"] ?? "";
  if (copy === "") return undefined;
  const { folder, name } = splitPath(copy);
  return { folder, items: new Map([[splitPath(values["config-file"] ?? "").name, name]]) };
}

function childOf(values: Values, argv: readonly string[]): ChildOptions {
  return {
    argv,
    stdin: values.stdin,
    killSignal: signalOf("kill-signal", values["kill-signal"]),
    killTimeoutMs: values["kill-timeout"],
    killGroup: values["kill-group"],
  };
}

function noticesOf(
  values: Values,
  given: Sources,
  positionals: readonly string[],
): readonly string[] {
  const notices = positionals.map((word) => `argument "${word}" is ignored`);
  if (!verifiesTarget(values, given) && !values["reload-http-insecure-skip-verify"]) {
    notices.push(
      "the certificate of --reload-url is not verified, --reload-http-ca turns that on",
    );
  }
  if (values["web-config-file"] !== undefined) {
    notices.push("--web-config-file has no effect, the service stays plain HTTP");
  }
  return notices;
}

function metricsPathsOf(text: string | undefined): readonly string[] {
  if (text === undefined || text === "") return ["/metrics"];
  if (/^\/[^?#\s]*$/.test(text)) return ["/metrics", text];
  throw new UsageError(`Option web.telemetry-path: "${text}" is no path`);
}

/** `--running-in-cluster=false` means: not the pod's account. */
function kubeOf(values: Values): KubeSettings {
  const settings = toKubeSettings(values);
  if (values.namespace.length > 1) {
    throw new UsageError("Flag --namespace: it may be given once, objects may name their own");
  }
  if (values["running-in-cluster"]) return settings;
  return { ...settings, flags: { ...settings.flags, noInCluster: true } };
}
