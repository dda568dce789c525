/** What a run is told, checked (reload.md 2). */

import type { ListenAddress } from "#lib/http/address.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { RbacOptions } from "#lib/kube/mod.ts";
import type { LogLevel } from "#lib/log/logger.ts";
import type { Action } from "./actions/action.ts";
import type { HttpActionOptions } from "./actions/http_action.ts";
import type { ChildOptions } from "./child.ts";
import type { FileOptions } from "./disk/files.ts";
import type { SourceOptions } from "./option_sources.ts";
import type { PayloadOptions } from "./payload/payload.ts";
import type { TransformOptions } from "./payload/transforms.ts";
import type { UrlKeysOptions } from "./payload/url_keys.ts";
import type { VerifyOptions } from "./verify.ts";

/** Whose metric names are added. */
export type MetricsCompat = "none" | "prometheus-config-reloader" | "configmap-reload";

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
