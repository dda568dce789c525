/** What `kcfg resolve` can be told, checked. */

import { toKubeSettings, toRbacOptions } from "#lib/cli/kube_flags.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import type { ScannedArgs } from "#lib/cli/scan_args.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { portModeOf } from "#lib/grpc_resolver/target.ts";
import type { AddressOptions } from "#lib/grpc_resolver/addresses.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { RbacOptions } from "#lib/kube/mod.ts";
import type { LogLevel } from "#lib/log/logger.ts";
import { FLAGS, type OutputForm } from "./flag_table.ts";
import { type ProbeOptions, toProbeOptions } from "./probe_options.ts";

export { FLAGS };

/** Checked options. */
export interface ResolveOptions {
  /** As typed. */
  readonly targets: readonly string[];
  /** Of `-n`. */
  readonly namespaces: readonly string[];
  readonly port: string | undefined;
  readonly addresses: AddressOptions;
  readonly source: "auto" | "endpointslices" | "endpoints";
  readonly output: OutputForm;
  readonly all: boolean;
  readonly headers: boolean;
  readonly explain: boolean;
  readonly follow: FollowOptions | undefined;
  /** Addresses to wait for, 0 for not waiting. */
  readonly wait: number;
  /** Milliseconds, 0 for none. */
  readonly timeoutMs: number;
  readonly probe: ProbeOptions | undefined;
  readonly checkAccess: boolean;
  readonly rbac: Omit<RbacOptions, "command" | "namespaces"> | undefined;
  readonly kube: KubeSettings;
  readonly log: { readonly level: LogLevel; readonly format: "text" | "json" | "auto" };
}

/** How changes are followed. */
export interface FollowOptions {
  readonly snapshot: boolean;
  /** Changes until the end, 0 for no end. */
  readonly count: number;
}

const ONCE_MS = 30_000;
const WAIT_MS = 60_000;

/** Checks the flags against each other. @throws {UsageError} */
export function toOptions(
  resolved: ResolvedFlags<typeof FLAGS>,
  { positionals }: ScannedArgs,
): ResolveOptions {
  const { values } = resolved;
  const rbac = toRbacOptions(values);
  const checkAccess = values["check-access"];
  const isAboutRights = rbac !== undefined || checkAccess;
  if (positionals.length === 0 && !isAboutRights) {
    throw new UsageError("A target is missing", ["kcfg resolve web.prod:grpc, for example"]);
  }
  if (!isAboutRights && values.namespace.length > 1) {
    throw new UsageError("Flag --namespace: several go with --print-rbac or --check-access only");
  }
  if (values.port !== undefined && portModeOf(values.port) === undefined) {
    throw new UsageError(`Flag --port: "${values.port}" is no port`, [
      "a number from 1 to 65535, or a name in lower case",
    ]);
  }
  const isFollowing = values.watch || values["watch-only"];
  if (values.count > 0 && !isFollowing) {
    throw new UsageError("Flag --count: goes with --watch only");
  }
  if (values.wait > 0 && isFollowing) {
    throw new UsageError("Flag --wait: does not go with --watch");
  }
  checkTopology(values);
  const { output } = values;
  if (isFollowing && (output === "yaml" || output === "addresses" || output === "grpc")) {
    throw new UsageError(`Flag --output: ${output} does not go with --watch`, [
      "use table, wide or jsonl",
    ]);
  }
  const form = isFollowing && output === "json" ? "jsonl" : output;
  const timeoutMs = values.timeout ??
    (isFollowing ? 0 : values.wait > 0 ? WAIT_MS : ONCE_MS);
  return {
    targets: positionals,
    namespaces: values.namespace,
    port: values.port,
    addresses: {
      portMode: values["port-mode"],
      family: values.family,
      terminatingFallback: !values["no-terminating-fallback"],
      topology: { mode: values.topology, zone: values.zone, node: values.node },
      allPorts: values["all-ports"],
    },
    source: values.source,
    output: form,
    all: values.all,
    headers: !values["no-headers"],
    explain: values.explain,
    follow: isFollowing ? { snapshot: !values["watch-only"], count: values.count } : undefined,
    wait: values.wait,
    timeoutMs,
    probe: toProbeOptions(resolved),
    checkAccess,
    rbac,
    kube: toKubeSettings(values),
    log: { level: values["log-level"], format: values["log-format"] },
  };
}

/** A topology that has no place would keep everything and look as if it had chosen. */
function checkTopology(
  { topology, zone, node }: ResolvedFlags<typeof FLAGS>["values"],
): void {
  const isMissing = (topology === "zone" && zone === undefined) ||
    (topology === "node" && node === undefined) ||
    (topology === "auto" && zone === undefined && node === undefined);
  if (!isMissing) return;
  const needed = topology === "auto" ? "--zone or --node" : `--${topology}`;
  throw new UsageError(`Flag --topology: ${topology} needs ${needed}`, [
    "or the variables KCFG_ZONE and NODE_NAME",
  ]);
}
