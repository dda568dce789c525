/** What `kcfg doctor` can be told. */

import { isClusterWide, KUBE_FLAGS, RBAC_FLAGS, toKubeFlags } from "#lib/cli/kube_flags.ts";
import { logFlags } from "#lib/cli/common_flags.ts";
import { boolFlag, choiceFlag } from "#lib/cli/flag.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import type { ScannedArgs } from "#lib/cli/scan_args.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import type { KubeFlags } from "#lib/kube/mod.ts";
import type { LogLevel } from "#lib/log/logger.ts";

/** The flag table. */
export const FLAGS = {
  "check-access": boolFlag({
    brief:
      "Ask the server whether the rules of the commands named (all without a name) are granted",
    category: "Checks",
    default: "false",
  }),
  output: choiceFlag<"text" | "json" | "yaml">({
    brief: "Form of the report; yaml is for --print-rbac",
    category: "Output",
    default: "text",
    choices: ["text", "json", "yaml"],
    short: "o",
  }),
  ...KUBE_FLAGS,
  ...RBAC_FLAGS,
  ...logFlags({ level: "warn", format: "auto" }),
} as const;

/** Checked options. */
export interface DoctorOptions {
  readonly kube: KubeFlags;
  /** Namespaces to check access in; empty for the configured one. */
  readonly namespaces: readonly string[];
  readonly checkAccess: boolean;
  /** Commands whose rules are checked; empty for all. */
  readonly commands: readonly string[];
  readonly output: "text" | "json";
  readonly requestTimeoutMs: number;
  readonly qps: number;
  readonly burst: number;
  readonly userAgent: string | undefined;
  readonly hideApiWarnings: boolean;
  readonly traceBodies: boolean;
  /** Print RBAC instead of examining. */
  readonly rbac: {
    readonly clusterWide: boolean;
    readonly name: string | undefined;
    readonly serviceAccount: string | undefined;
    readonly format: "yaml" | "json";
  } | undefined;
  readonly log: { readonly level: LogLevel; readonly format: "text" | "json" | "auto" };
}

/**
 * Checks the flags against each other.
 *
 * @throws {UsageError} for several namespaces or command names without `--check-access`
 */
export function toOptions(
  { values }: ResolvedFlags<typeof FLAGS>,
  { positionals }: ScannedArgs,
): DoctorOptions {
  const checkAccess = values["check-access"];
  if (!checkAccess && positionals.length > 0) {
    throw new UsageError(`Unexpected argument "${positionals[0]}"`, [
      "names of commands go with --check-access",
    ]);
  }
  const printRbac = values["print-rbac"];
  if (!checkAccess && !printRbac && values.namespace.length > 1) {
    throw new UsageError("Flag --namespace: several go with --check-access or --print-rbac only");
  }
  if (values.output === "yaml" && !printRbac) {
    throw new UsageError("Flag --output: yaml goes with --print-rbac only");
  }
  return {
    kube: toKubeFlags(values),
    namespaces: values.namespace,
    checkAccess,
    commands: positionals,
    output: values.output === "json" ? "json" : "text",
    requestTimeoutMs: values["request-timeout"],
    qps: values["kube-api-qps"],
    burst: values["kube-api-burst"],
    userAgent: values["user-agent"],
    hideApiWarnings: values["no-api-warnings"],
    traceBodies: values["kube-trace-bodies"],
    rbac: printRbac
      ? {
        clusterWide: isClusterWide(values),
        name: values.name,
        serviceAccount: values.serviceaccount,
        format: values.output === "json" ? "json" : values["rbac-format"],
      }
      : undefined,
    log: { level: values["log-level"], format: values["log-format"] },
  };
}
