/** Flags under the names of other reloaders and of what the replaced program inherited (reload.md 2.2, 2.7). */

import { choiceFlag, textFlag } from "#lib/cli/flag.ts";
import { ALIASES, list, off, optional } from "./flag_makers.ts";

/** Flags of glog, which the replaced program inherited: accepted, without effect. */
export const GLOG_FLAGS = {
  logtostderr: { ...off(ALIASES, "Accepted, logs go to stderr always"), hidden: true },
  alsologtostderr: { ...off(ALIASES, "Accepted, logs go to stderr always"), hidden: true },
  stderrthreshold: { ...optional(ALIASES, "Accepted without effect", "LEVEL"), hidden: true },
  log_dir: { ...optional(ALIASES, "Accepted without effect", "DIR"), hidden: true },
  log_backtrace_at: { ...optional(ALIASES, "Accepted without effect", "PLACE"), hidden: true },
  vmodule: { ...optional(ALIASES, "Accepted without effect", "TEXT"), hidden: true },
} as const;

/** Names of other reloaders. */
export const ALIAS_FLAGS = {
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
  "config-file": optional(ALIASES, "Follow one file, in place", "FILE"),
  "config-envsubst-file": optional(
    ALIASES,
    "Write --config-file here, decompressed and with $(NAME) replaced",
    "FILE",
  ),
  "req-username-file": optional(ALIASES, "--reload-http-username-file", "FILE"),
  "req-password-file": optional(ALIASES, "--reload-http-password-file", "FILE"),
  "webhook-retries": optional(ALIASES, "So many further tries, 10 s apart, as fast phase", "N"),
  "web.telemetry-path": optional(ALIASES, "Metrics here as well as on /metrics", "PATH"),
  "statefulset-ordinal-from-envvar": textFlag({
    brief: "Variable whose digits at the end become STATEFULSET_ORDINAL_NUMBER",
    category: ALIASES,
    default: "POD_NAME",
    placeholder: "NAME",
  }),
  "metrics-compat": choiceFlag<"none" | "prometheus-config-reloader" | "configmap-reload">({
    brief: "Add the metric names of another reloader",
    category: ALIASES,
    default: "none",
    choices: ["none", "prometheus-config-reloader", "configmap-reload"],
  }),
  compat: choiceFlag<"none" | "k8s-sidecar">({
    brief: "Take the variables of another reloader",
    category: ALIASES,
    default: "none",
    choices: ["none", "k8s-sidecar"],
  }),
} as const;
