/** What `kcfg reload` can be told, under the names of the program it replaces and of its neighbours (reload.md 2). */

import { logFlags } from "#lib/cli/common_flags.ts";
import {
  boolFlag,
  choiceFlag,
  durationFlag,
  listFlag,
  numberFlag,
  optionalTextFlag,
  textFlag,
  unavailableFlag,
} from "#lib/cli/flag.ts";
import { KUBE_FLAGS, RBAC_FLAGS } from "#lib/cli/kube_flags.ts";

const SOURCE = "Sources";
const FILES = "Files";
const TIMING = "Timing";
const RELOAD = "Reload";
const HTTP = "Reload by HTTP";
const CHECKS = "Validation and verification";
const CHILD = "Application";
const SERVICE = "Service";
const ALIASES = "Names of other reloaders";

function list(category: string, brief: string, placeholder: string, env?: readonly string[]) {
  return listFlag({ brief, category, placeholder, ...(env && { env }) });
}

function optional(category: string, brief: string, placeholder: string) {
  return optionalTextFlag({ brief, category, placeholder });
}

function duration(category: string, brief: string, value: string) {
  return durationFlag({ brief, category, default: value, minMs: 0 });
}

function off(category: string, brief: string) {
  return boolFlag({ brief, category, default: "false" });
}

const SOURCE_FLAGS = {
  configroot: optionalTextFlag({
    brief: "Directory that receives the files; made when it is not there",
    category: FILES,
    placeholder: "DIR",
    env: ["CONFIG_CONTROLLER_CONFIGROOT"],
  }),
  configmap: list(SOURCE, "ConfigMap to follow, files in SUBDIR", "[NS/]NAME[:SUBDIR]", [
    "CONFIG_CONTROLLER_CONFIGMAP",
  ]),
  secret: list(SOURCE, "Secret to follow, files in SUBDIR", "[NS/]NAME[:SUBDIR]"),
  selector: textFlag({
    brief: "Label selector; follow every object it names",
    category: SOURCE,
    default: "",
    placeholder: "EXPR",
  }),
  resources: choiceFlag<"configmap" | "secret" | "both">({
    brief: "With --selector: kinds to follow",
    category: SOURCE,
    default: "configmap",
    choices: ["configmap", "secret", "both"],
  }),
  "selector-namespaces": textFlag({
    brief: "With --selector: namespaces, separated by commas, or ALL",
    category: SOURCE,
    default: "",
    placeholder: "NS,…",
  }),
  "unique-filenames": off(
    SOURCE,
    "With --selector: name files namespace_NS.KIND_OBJECT.KEY",
  ),
  "on-conflict": choiceFlag<"reject" | "last-wins">({
    brief: "Two sources of one file: refuse the version, or the later one wins",
    category: SOURCE,
    default: "reject",
    choices: ["reject", "last-wins"],
  }),
  "volume-dir": list(
    SOURCE,
    "Follow a mounted volume instead of the API; without --configroot it is used in place",
    "DIR",
  ),
  missing: choiceFlag<"fail" | "wait" | "empty">({
    brief: "Object absent at the start: end with 1, wait for it, or take it for empty",
    category: SOURCE,
    default: "fail",
    choices: ["fail", "wait", "empty"],
  }),
  "startup-timeout": duration(SOURCE, "How long an unreachable API is tried at the start", "60s"),
  "on-delete": choiceFlag<"keep" | "empty" | "exit">({
    brief: "Object deleted while running: keep the files, remove them, or end with 1",
    category: SOURCE,
    default: "keep",
    choices: ["keep", "empty", "exit"],
  }),
  "on-empty": choiceFlag<"apply" | "keep">({
    brief: "Object without keys: remove the files, or keep them",
    category: SOURCE,
    default: "apply",
    choices: ["apply", "keep"],
  }),
  "running-in-cluster": boolFlag({
    brief: "False leaves out the pod's account when looking for a configuration",
    category: SOURCE,
    default: "true",
  }),
} as const;

const FILE_FLAGS = {
  item: list(FILES, "Write only the keys named, each at its path", "KEY=PATH"),
  include: list(FILES, "Write only keys that match a pattern", "GLOB"),
  exclude: list(FILES, "Leave out keys that match a pattern", "GLOB"),
  "path-separator": textFlag({
    brief: "Text in keys that becomes / in paths",
    category: FILES,
    default: "",
    placeholder: "TEXT",
  }),
  "file-mode": optional(FILES, "Exact mode of files, 0666 less the umask by default", "OCTAL"),
  "dir-mode": optional(FILES, "Exact mode of folders, 0777 less the umask by default", "OCTAL"),
  owner: optional(FILES, "Owner of files and folders", "UID[:GID]"),
  layout: choiceFlag<"symlink" | "flat">({
    brief: "symlink switches all files at once as the kubelet does; flat replaces file by file",
    category: FILES,
    default: "symlink",
    choices: ["symlink", "flat"],
  }),
  fsync: boolFlag({
    brief: "Wait until files are on the disk before the switch",
    category: FILES,
    default: "true",
  }),
  "keep-versions": numberFlag({
    brief: "Earlier versions kept on disk",
    category: FILES,
    default: "1",
    min: 0,
    max: 100,
  }),
  gunzip: list(FILES, "Decompress contents of matching keys that are gzip", "GLOB"),
  envsubst: list(FILES, "Replace $(NAME) in matching keys by variables", "GLOB"),
  "envsubst-missing": choiceFlag<"keep" | "empty" | "reject">({
    brief: "Variable that is not set: keep the text, leave it out, or refuse the version",
    category: FILES,
    default: "keep",
    choices: ["keep", "empty", "reject"],
  }),
} as const;

const TIMING_FLAGS = {
  debounce: duration(TIMING, "Window behind a change in which followers are merged", "200ms"),
  "debounce-max": duration(TIMING, "Longest time a change is held back", "2s"),
  "reload-min-interval": duration(TIMING, "Least time between the starts of two reload runs", "1s"),
  "resync-interval": duration(TIMING, "Between two full comparisons, ±10 %; 0 for none", "10m"),
  splay: duration(TIMING, "Random wait before each reload run but the first", "0"),
  once: off(
    TIMING,
    "Load, write, reload where asked for, and end; with an application run it unwatched",
  ),
} as const;

const RELOAD_FLAGS = {
  "reload-action": optional(
    RELOAD,
    "http, signal, process, pidfile, command, restart, none; several in their order",
    "ACTION,…",
  ),
  "reload-signal": textFlag({
    brief: "Signal for the application",
    category: RELOAD,
    default: "SIGHUP",
    placeholder: "SIGNAL",
  }),
  "reload-signal-wait": duration(RELOAD, "How long a handler for it is waited for", "10s"),
  "signal-process": textFlag({
    brief: "Signal the processes of this name, in a shared PID namespace",
    category: RELOAD,
    default: "",
    placeholder: "NAME",
  }),
  "signal-match": choiceFlag<"exe" | "comm" | "cmdline">({
    brief: "What the name is compared with",
    category: RELOAD,
    default: "exe",
    choices: ["exe", "comm", "cmdline"],
  }),
  "pid-file": textFlag({
    brief: "Signal the process whose number is in a file",
    category: RELOAD,
    default: "",
    placeholder: "FILE",
  }),
  "reload-command": textFlag({
    brief: "Run a program: words with quotes, or a JSON list",
    category: RELOAD,
    default: "",
    placeholder: "COMMAND",
  }),
  "reload-timeout": duration(RELOAD, "Longest time of one attempt", "30s"),
  "reload-retry-max-elapsed": duration(RELOAD, "How long a failed reload is retried fast", "10s"),
  "reload-retry-interval": duration(RELOAD, "Then every so often; 0 gives up", "5s"),
  "reload-on-start": optional(
    RELOAD,
    "always, changed or never; always beside an application, never around one",
    "WHEN",
  ),
  rollback: off(RELOAD, "Go back to the version before when a reload fails for good"),
} as const;

const HTTP_FLAGS = {
  "reload-http": list(HTTP, "URL to call after each change", "URL", ["CONFIG_CONTROLLER_URL"]),
  "reload-http-method": textFlag({
    brief: "Method",
    category: HTTP,
    default: "POST",
    placeholder: "METHOD",
    env: ["CONFIG_CONTROLLER_METHOD"],
  }),
  "reload-http-header": list(HTTP, "Header", "NAME: VALUE"),
  "reload-http-body": optional(HTTP, "Body", "TEXT"),
  "reload-http-body-file": optional(HTTP, "File with the body", "FILE"),
  "reload-http-success": optional(HTTP, "Statuses that mean success, 2xx by default", "LIST"),
  "reload-http-username-file": optional(HTTP, "File with the user's name", "FILE"),
  "reload-http-password-file": optional(HTTP, "File with the password", "FILE"),
  "reload-http-ca": optional(HTTP, "File with certificates to trust", "FILE"),
  "reload-http-insecure-skip-verify": off(HTTP, "Do not verify the target's certificate"),
} as const;

const CHECK_FLAGS = {
  "validate-command": textFlag({
    brief: "Program that must accept a version before it becomes visible; {dir} is its folder",
    category: CHECKS,
    default: "",
    placeholder: "COMMAND",
  }),
  "validate-timeout": duration(CHECKS, "Longest time of that", "30s"),
  "verify-url": optional(CHECKS, "URL that tells whether the application has the version", "URL"),
  "verify-mode": choiceFlag<"status" | "contains-hash" | "jsonpath" | "prometheus">({
    brief: "What the answer must say",
    category: CHECKS,
    default: "status",
    choices: ["status", "contains-hash", "jsonpath", "prometheus"],
  }),
  "verify-jsonpath": textFlag({
    brief: "Dotted path of the value, with [n] for lists",
    category: CHECKS,
    default: "",
    placeholder: "PATH",
  }),
  "verify-equals": textFlag({
    brief: "The value; may contain {hash} and {version}",
    category: CHECKS,
    default: "",
    placeholder: "TEXT",
  }),
  "verify-interval": duration(CHECKS, "Between two looks", "1s"),
  "verify-timeout": duration(CHECKS, "Longest time until it says so", "30s"),
} as const;

const CHILD_FLAGS = {
  "kill-signal": textFlag({
    brief: "Signal that stops the application",
    category: CHILD,
    default: "SIGTERM",
    placeholder: "SIGNAL",
  }),
  "kill-timeout": duration(CHILD, "Then its whole group is killed", "30s"),
  "kill-group": boolFlag({
    brief: "Stop signals go to the whole group",
    category: CHILD,
    default: "true",
  }),
  stdin: choiceFlag<"null" | "inherit">({
    brief: "Standard input of the application",
    category: CHILD,
    default: "null",
    choices: ["null", "inherit"],
  }),
  "child-exit-zero": numberFlag({
    brief: "Exit status when the application ends by itself with 0",
    category: CHILD,
    default: "0",
    min: 0,
    max: 255,
  }),
} as const;

const SERVICE_FLAGS = {
  listen: textFlag({
    brief: "Serve health, metrics and status here",
    category: SERVICE,
    default: "",
    placeholder: "[HOST]:PORT",
  }),
  "health-reload-grace": duration(SERVICE, "How long a failed reload is tolerated", "0"),
  "health-max-staleness": duration(
    SERVICE,
    "Unhealthy when the API was not heard from for so long; 0 for never",
    "0",
  ),
  "enable-admin": off(SERVICE, "Answer POST /-/reload and /-/quit"),
  events: off(SERVICE, "Write Kubernetes Events on the pod"),
  v: numberFlag({
    brief: "Verbosity: 2 is debug, 4 one line per request to the API server",
    category: SERVICE,
    default: "0",
    min: 0,
    max: 10,
  }),
  ...logFlags({ level: "info", format: "text" }),
} as const;

/** Flags of glog, which the replaced program inherited: accepted, without effect. */
const GLOG_FLAGS = {
  logtostderr: { ...off(ALIASES, "Accepted, logs go to stderr always"), hidden: true },
  alsologtostderr: { ...off(ALIASES, "Accepted, logs go to stderr always"), hidden: true },
  stderrthreshold: { ...optional(ALIASES, "Accepted without effect", "LEVEL"), hidden: true },
  log_dir: { ...optional(ALIASES, "Accepted without effect", "DIR"), hidden: true },
  log_backtrace_at: { ...optional(ALIASES, "Accepted without effect", "PLACE"), hidden: true },
  vmodule: { ...optional(ALIASES, "Accepted without effect", "TEXT"), hidden: true },
} as const;

const ALIAS_FLAGS = {
  "webhook-url": list(
    ALIASES,
    "--reload-http of configmap-reload: no call at the start, 200 alone",
    "URL",
  ),
  "webhook-method": optional(ALIASES, "--reload-http-method", "METHOD"),
  "webhook-status-code": optional(ALIASES, "--reload-http-success", "LIST"),
  "reload-url": list(ALIASES, "--reload-http of prometheus-config-reloader", "URL"),
  "reload-method": optional(
    ALIASES,
    "--reload-action: http, or signal for --signal-process",
    "METHOD",
  ),
  "retry-interval": optional(ALIASES, "--reload-retry-interval", "DURATION"),
  "delay-interval": optional(ALIASES, "--debounce", "DURATION"),
  "listen-address": optional(ALIASES, "--listen", "ADDRESS"),
  "web.listen-address": optional(ALIASES, "--listen", "ADDRESS"),
  "web-config-file": optional(ALIASES, "Accepted without effect, with a warning", "FILE"),
  "auto-gomemlimit-ratio": optional(ALIASES, "Accepted without effect", "RATIO"),
  "watched-dir": list(ALIASES, "--volume-dir, in place", "DIR"),
  "watch-interval": optional(ALIASES, "--resync-interval; 0 is --once", "DURATION"),
  "process-executable-name": optional(ALIASES, "--signal-process", "NAME"),
  "runtimeinfo-url": optional(ALIASES, "--verify-url with --verify-mode=prometheus", "URL"),
  "config-file": unavailableFlag("following one file of a folder by --config-file"),
  "config-envsubst-file": unavailableFlag("writing one file by --config-envsubst-file"),
  "webhook-retries": optional(ALIASES, "So many further tries, 10 s apart, as fast phase", "N"),
  "web.telemetry-path": optional(ALIASES, "Metrics here as well as on /metrics", "PATH"),
  "statefulset-ordinal-from-envvar": unavailableFlag("the ordinal of a StatefulSet"),
  "metrics-compat": choiceFlag<"none" | "prometheus-config-reloader" | "configmap-reload">({
    brief: "Add the metric names of another reloader",
    category: ALIASES,
    default: "none",
    choices: ["none", "prometheus-config-reloader", "configmap-reload"],
  }),
  compat: unavailableFlag("the environment of k8s-sidecar"),
} as const;

/** The flag table. */
export const FLAGS = {
  ...SOURCE_FLAGS,
  ...FILE_FLAGS,
  ...RELOAD_FLAGS,
  ...HTTP_FLAGS,
  ...CHECK_FLAGS,
  ...TIMING_FLAGS,
  ...CHILD_FLAGS,
  ...SERVICE_FLAGS,
  ...KUBE_FLAGS,
  ...RBAC_FLAGS,
  ...ALIAS_FLAGS,
  ...GLOG_FLAGS,
} as const;
