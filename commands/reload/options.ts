/** From flags to checked options: aliases resolved, contradictions refused (reload.md 2). Pure. */

import { toKubeSettings, toRbacOptions } from "#lib/cli/kube_flags.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import type { ScannedArgs } from "#lib/cli/scan_args.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { parseGoDuration } from "#lib/format/duration.ts";
import { type ListenAddress, parseListenAddress } from "#lib/http/address.ts";
import type { ConfigKind } from "#lib/kube/config_object.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { RbacOptions } from "#lib/kube/mod.ts";
import type { LogLevel } from "#lib/log/logger.ts";
import type { Action } from "./actions/action.ts";
import type { HttpActionOptions } from "./actions/http_action.ts";
import type { ChildOptions } from "./child.ts";
import type { FileOptions } from "./disk/files.ts";
import type { FLAGS } from "./flag_table.ts";
import type { MetricsCompat } from "./metrics_compat.ts";
import { parseGlob } from "./payload/glob.ts";
import { type PayloadOptions, problemOf } from "./payload/payload.ts";
import type { TransformOptions } from "./payload/transforms.ts";
import { parseSignal } from "./signals.ts";
import { parseSuccess } from "./success_statuses.ts";
import type { VerifyOptions } from "./verify.ts";
import { splitWords } from "./words.ts";

/** A source that the options name. */
export type SourceOptions =
  | {
    readonly kind: "object";
    readonly objectKind: ConfigKind;
    /** `undefined` for the configured one. */
    readonly namespace: string | undefined;
    readonly name: string;
    readonly folder: string;
  }
  | { readonly kind: "volume"; readonly path: string }
  | {
    readonly kind: "selector";
    readonly selector: string;
    readonly kinds: readonly ConfigKind[];
    /** `undefined` for the configured one, `"ALL"` for all. */
    readonly namespaces: readonly string[] | "ALL" | undefined;
    readonly uniqueNames: boolean;
  };

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
  readonly kube: KubeSettings;
  readonly rbac: Omit<RbacOptions, "command" | "namespaces"> | undefined;
  readonly log: { readonly level: LogLevel; readonly format: "text" | "json" | "auto" };
  /** Said once at the start. */
  readonly notices: readonly string[];
}

type Values = ResolvedFlags<typeof FLAGS>["values"];
type Sources = ResolvedFlags<typeof FLAGS>["sources"];

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
  const volumes = sources.filter((source) => source.kind === "volume");
  const root = values.configroot ??
    (sources.length === volumes.length ? volumes[0]?.path : undefined);
  if (root === undefined || root === "") {
    throw new UsageError("Option configroot: the directory for the files is missing", [
      "name it with --configroot=DIR",
    ]);
  }
  if (values.configroot === undefined && volumes.length > 1) {
    throw new UsageError("Several volumes need a directory for their files", [
      "name it with --configroot=DIR",
    ]);
  }
  const reading = values["print-rbac"] ? undefined : actionsOf(values, given, child !== undefined);
  const isOnce = values.once || values["watch-interval"] === "0";
  return {
    configRoot: absolute(root, cwd),
    writes: values.configroot !== undefined,
    sources: sources.map((source) =>
      source.kind === "volume" ? { ...source, path: absolute(source.path, cwd) } : source
    ),
    missing: values.missing,
    onDelete: values["on-delete"],
    onEmpty: values["on-empty"],
    startupTimeoutMs: values["startup-timeout"],
    payload: {
      items: itemsOf(lines(values.item)),
      include: globsOf("include", values.include),
      exclude: globsOf("exclude", values.exclude),
      pathSeparator: values["path-separator"],
      onConflict: values["on-conflict"],
    },
    transforms: {
      gunzip: globsOf("gunzip", values.gunzip),
      envsubst: globsOf("envsubst", values.envsubst),
      envsubstMissing: values["envsubst-missing"],
    },
    layout: values.layout,
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

function sourcesOf(values: Values): readonly SourceOptions[] {
  const sources: SourceOptions[] = [
    ...lines(values.configmap).map((text) => objectOf("configmap", text)),
    ...lines(values.secret).map((text) => objectOf("secret", text)),
    ...[...lines(values["volume-dir"]), ...lines(values["watched-dir"])]
      .map((path): SourceOptions => ({ kind: "volume", path })),
  ];
  if (values.selector !== "") {
    const namespaces = values["selector-namespaces"];
    sources.push({
      kind: "selector",
      selector: values.selector,
      kinds: values.resources === "both" ? ["configmap", "secret"] : [values.resources],
      namespaces: namespaces === ""
        ? undefined
        : namespaces === "ALL"
        ? "ALL"
        : namespaces.split(",").map((name) => name.trim()),
      uniqueNames: values["unique-filenames"],
    });
  }
  if (sources.length > 0) return sources;
  throw new UsageError("Option configmap: nothing to follow is named", [
    "name an object with --configmap=[NS/]NAME, or a mounted volume with --volume-dir=DIR",
  ]);
}

function objectOf(objectKind: ConfigKind, text: string): SourceOptions {
  const [path = "", folder = "", ...more] = text.split(":");
  const parts = path.split("/");
  const [first = "", second] = parts;
  const name = second ?? first;
  const isWrong = parts.length > 2 || more.length > 0 || name === "" ||
    (second !== undefined && first === "");
  if (isWrong) {
    throw new UsageError(`Option ${objectKind}: "${text}" is not [NAMESPACE/]NAME[:SUBDIR]`);
  }
  const problem = folder === "" ? undefined : problemOf(folder);
  if (problem !== undefined) throw new UsageError(`Option ${objectKind}: "${text}": ${problem}`);
  return {
    kind: "object",
    objectKind,
    namespace: second === undefined ? undefined : first,
    name,
    folder,
  };
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

const ACTIONS = ["http", "signal", "process", "pidfile", "command", "restart", "none"] as const;

function actionsOf(
  values: Values,
  given: Sources,
  hasChild: boolean,
): readonly Action["name"][] {
  const named = values["reload-method"] === "signal"
    ? ["process"]
    : (values["reload-action"] ?? "").split(",").map((name) => name.trim()).filter((name) =>
      name !== ""
    );
  const unknown = named.find((name) => !ACTIONS.some((action) => action === name));
  if (unknown !== undefined) {
    throw new UsageError(`Option reload-action: "${unknown}" is not one of ${ACTIONS.join(", ")}`);
  }
  const actions = named.length > 0
    ? named as Action["name"][]
    : defaultActions(values, given, hasChild);
  for (const action of actions) {
    if ((action === "signal" || action === "restart") && !hasChild) {
      throw new UsageError(`Option reload-action: ${action} needs an application behind --`);
    }
  }
  return actions;
}

function defaultActions(
  values: Values,
  given: Sources,
  hasChild: boolean,
): readonly Action["name"][] {
  const hasUrl = urlTexts(values).length > 0;
  if (hasChild && !hasUrl) return ["signal"];
  if (hasChild) return given["reload-signal"] === "default" ? ["http"] : ["signal", "http"];
  if (hasUrl) return ["http"];
  if (values["signal-process"] !== "" || values["process-executable-name"] !== undefined) {
    return ["process"];
  }
  if (values["pid-file"] !== "") return ["pidfile"];
  if (values["reload-command"] !== "") return ["command"];
  if (values.once) return ["none"];
  throw new UsageError("Application command line or HTTP endpoint required", [
    "name a program behind --, a URL with --reload-http, or another way with --reload-action",
  ]);
}

function urlTexts(values: Values): readonly string[] {
  return [
    ...lines(values["reload-http"]),
    ...lines(values["webhook-url"]),
    ...lines(values["reload-url"]),
  ];
}

/** Users of prometheus-config-reloader expect no verification, unless they ask for it. */
function verifiesTarget(values: Values, given: Sources): boolean {
  const isAsked = given["reload-http-insecure-skip-verify"] !== "default" ||
    values["reload-http-ca"] !== undefined;
  if (isAsked) return !values["reload-http-insecure-skip-verify"];
  return !lines(values["reload-url"]).some((url) => url.startsWith("https:"));
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

function httpOf(values: Values, given: Sources): HttpActionOptions {
  const isWebhook = values["webhook-url"].length > 0;
  const method = values["webhook-method"] ?? values["reload-http-method"];
  return {
    urls: urlTexts(values).map((text) => urlOf("reload-http", text)),
    method: methodOf(method),
    headers: lines(values["reload-http-header"]).map(headerOf),
    body: values["reload-http-body"],
    bodyFile: values["reload-http-body-file"],
    isSuccess: successOf(
      values["webhook-status-code"] ?? values["reload-http-success"] ??
        (isWebhook ? "200" : "2xx"),
    ),
    usernameFile: values["reload-http-username-file"],
    passwordFile: values["reload-http-password-file"],
    caFile: values["reload-http-ca"],
    verifiesTls: verifiesTarget(values, given),
    timeoutMs: values["reload-timeout"],
  };
}

/** configmap-reload waits so long between its tries. */
const WEBHOOK_RETRY_MS = 10_000;

function retryAttemptsOf(text: string | undefined): ReloadOptions["retryAttempts"] {
  if (text === undefined || text === "") return {};
  if (!/^\d{1,6}$/.test(text)) {
    throw new UsageError(`Option webhook-retries: "${text}" is no number of tries`);
  }
  return { attempts: { count: Number(text), everyMs: WEBHOOK_RETRY_MS } };
}

function metricsPathsOf(text: string | undefined): readonly string[] {
  if (text === undefined || text === "") return ["/metrics"];
  if (/^\/[^?#\s]*$/.test(text)) return ["/metrics", text];
  throw new UsageError(`Option web.telemetry-path: "${text}" is no path`);
}

function onStartOf(values: Values, hasChild: boolean): ReloadOptions["reloadOnStart"] {
  const text = values["reload-on-start"];
  if (text === undefined || text === "") {
    return hasChild || values["webhook-url"].length > 0 ? "never" : "always";
  }
  if (text === "always" || text === "changed" || text === "never") return text;
  throw new UsageError(`Option reload-on-start: "${text}" is not one of always, changed, never`);
}

function verifyOf(values: Values): VerifyOptions | undefined {
  const prometheus = values["runtimeinfo-url"];
  const text = prometheus ?? values["verify-url"];
  if (text === undefined) return undefined;
  if (values["verify-mode"] === "jsonpath" && values["verify-jsonpath"] === "") {
    throw new UsageError("Option verify-mode: jsonpath needs --verify-jsonpath");
  }
  return {
    url: urlOf("verify-url", text),
    mode: prometheus === undefined ? values["verify-mode"] : "prometheus",
    jsonPath: values["verify-jsonpath"],
    equals: values["verify-equals"],
    isSuccess: successOf(values["reload-http-success"] ?? "2xx"),
    intervalMs: values["verify-interval"],
    timeoutMs: values["verify-timeout"],
    verifiesTls: !values["reload-http-insecure-skip-verify"],
  };
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

/** A variable gives a list with one entry a line. */
function lines(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => text.split("\n")).filter((text) => text !== "");
}

function itemsOf(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(texts.map((text) => {
    const equals = text.indexOf("=");
    const [key, path] = [text.slice(0, equals), text.slice(equals + 1)];
    const problem = equals < 1 ? "it is not KEY=PATH" : problemOf(path);
    if (problem !== undefined) throw new UsageError(`Option item: "${text}": ${problem}`);
    return [key, path];
  }));
}

function globsOf(option: string, texts: readonly string[]): readonly RegExp[] {
  return lines(texts).map((text) => checked(option, () => parseGlob(text)));
}

function modeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^0?[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new UsageError(`Option ${option}: "${text}" is no mode in octal, such as 0640`);
}

function ownerOf(text: string | undefined): FileOptions["owner"] {
  if (text === undefined || text === "") return undefined;
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(text) ?? [];
  if (uid === undefined) throw new UsageError(`Option owner: "${text}" is not UID or UID:GID`);
  return { uid: Number(uid), gid: gid === undefined ? null : Number(gid) };
}

function signalOf(option: string, text: string): Deno.Signal {
  return checked(option, () => parseSignal(text));
}

function wordsOf(option: string, text: string): readonly string[] {
  return checked(option, () => splitWords(text));
}

function successOf(text: string): (status: number) => boolean {
  return checked("reload-http-success", () => parseSuccess(text));
}

function listenOf(text: string): ListenAddress | undefined {
  return text === "" ? undefined : checked("listen", () => parseListenAddress(text));
}

function durationOr(option: string, text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : checked(option, () => parseGoDuration(text));
}

function checked<T>(option: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Option ${option}: ${reason}`, [], { cause: error });
  }
}

function methodOf(text: string): string {
  const method = (text === "" ? "POST" : text).toUpperCase();
  if (/^[!#$%&'*+.^_`|~0-9A-Z-]+$/.test(method)) return method;
  throw new UsageError(`Option reload-http-method: "${text}" is no method`);
}

function headerOf(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  const name = text.slice(0, colon).trim();
  if (colon > 0 && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    return [name, text.slice(colon + 1).trim()];
  }
  throw new UsageError(`Option reload-http-header: it is not NAME: VALUE`);
}

function urlOf(option: string, text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new UsageError(`Option ${option}: it is no URL with http or https`);
}

function absolute(path: string, cwd: string): string {
  const full = path.startsWith("/") ? path : `${cwd}/${path.replace(/^(?:\.\/)+/, "")}`;
  return full.replace(/(?<=.)\/+$/, "");
}
