/** What `kcfg reload` can be told, under the names of the program it replaces and of its neighbours (reload.md 2). */

import { logFlags } from "#lib/cli/common_flags.ts";
import { boolFlag, choiceFlag, numberFlag, textFlag } from "#lib/cli/flag.ts";
import { KUBE_FLAGS, RBAC_FLAGS } from "#lib/cli/kube_flags.ts";
import {
  CHECKS,
  CHILD,
  duration,
  HTTP,
  list,
  off,
  optional,
  RELOAD,
  SERVICE,
  TIMING,
} from "./flag_makers.ts";
import { ALIAS_FLAGS, GLOG_FLAGS } from "./flag_table_aliases.ts";
import { FILE_FLAGS, SOURCE_FLAGS } from "./flag_table_sources.ts";

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
