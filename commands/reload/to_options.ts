/** From flags to checked options: aliases resolved, contradictions refused (reload.md 2). Pure. */

import { toKubeSettings, toRbacOptions } from "#lib/cli/kube_flags.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import type { ScannedArgs } from "#lib/cli/scan_args.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { ChildOptions } from "./child.ts";
import type { FLAGS } from "./flag_table.ts";
import {
  actionsOf,
  httpOf,
  onStartOf,
  processName,
  retryAttemptsOf,
  verifiesTarget,
  verifyOf,
} from "./option_reload.ts";
import { sourcesOf, splitPath } from "./option_sources.ts";
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
import type { Sources, Values } from "./flag_values.ts";
import type { ReloadOptions } from "./options.ts";

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
  if (isInPlace && values.rollback) {
    throw new UsageError("Option rollback: files that are used in place cannot be put back", [
      "have them written elsewhere with --configroot=DIR",
    ]);
  }
  const [first] = sources;
  const root = values.configroot ?? copy?.folder ??
    (isInPlace && first?.kind === "volume" ? first.path : undefined);
  if (root === undefined || root === "") {
    throw new UsageError("Option configroot: the directory for the files is missing", [
      "name it with --configroot=DIR",
    ]);
  }
  if (values.rollback && values["keep-versions"] === 0) {
    throw new UsageError(
      "Option rollback: with --keep-versions=0 there is no version to go back to",
    );
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
      name: processName(values),
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
    verify: verifyOf(values, given),
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
