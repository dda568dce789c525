/** From flags to checked options. Pure; targets are parsed when the configured namespace is known. */

import { toKubeSettings, toRbacOptions } from "#lib/cli/kube_flags.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import type { ScannedArgs } from "#lib/cli/scan_args.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { parseGoDuration } from "#lib/format/duration.ts";
import type { EngineOptions } from "#lib/grpc_resolver/engine.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { RbacOptions } from "#lib/kube/mod.ts";
import type { LogLevel } from "#lib/log/logger.ts";
import type { FLAGS, OutputForm } from "./flag_table.ts";
import { parsePolicy, type ProbePolicy } from "./probe_policy.ts";

/** How addresses are probed. Times in milliseconds. */
export interface ProbeOptions {
  readonly services: readonly string[];
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly policy: ProbePolicy;
  readonly allowUnimplemented: boolean;
  /** `undefined` for plain text. */
  readonly tls: {
    readonly caFile: string | undefined;
    readonly certFile: string | undefined;
    readonly keyFile: string | undefined;
    readonly serverName: string | undefined;
    readonly isVerified: boolean;
  } | undefined;
  readonly headers: readonly (readonly [string, string])[];
}

/** Checked options. */
export interface ResolveOptions {
  readonly targets: readonly string[];
  readonly port: string | undefined;
  readonly engine: EngineOptions;
  readonly output: OutputForm;
  readonly all: boolean;
  readonly headers: boolean;
  readonly explain: boolean;
  readonly watch: { readonly withSnapshot: boolean; readonly count: number } | undefined;
  /** Usable addresses to wait for; `undefined` to answer at once. */
  readonly waitFor: number | undefined;
  /** 0 for none. */
  readonly timeoutMs: number;
  readonly probe: ProbeOptions | undefined;
  readonly namespaces: readonly string[];
  readonly kube: KubeSettings;
  readonly rbac: Omit<RbacOptions, "command" | "namespaces"> | undefined;
  readonly checkAccess: boolean;
  readonly log: { readonly level: LogLevel; readonly format: "text" | "json" | "auto" };
}

type Values = ResolvedFlags<typeof FLAGS>["values"];

/** @throws {UsageError} for a contradiction or when no target is named */
export function toOptions(
  { values }: ResolvedFlags<typeof FLAGS>,
  { positionals }: Pick<ScannedArgs, "positionals">,
): ResolveOptions {
  const inspects = values["print-rbac"] || values["check-access"];
  if (positionals.length === 0 && !inspects) {
    throw new UsageError("No target is named", ["name one, such as web.prod:grpc"]);
  }
  if (values.namespace.length > 1 && !inspects) {
    throw new UsageError("Flag -n: it may be given once");
  }
  const watches = values.watch || values["watch-only"];
  const waitFor = waitOf(values.wait);
  if (watches && waitFor !== undefined) {
    throw new UsageError("Flag --wait: it does not go with --watch");
  }
  if (watches && ["addresses", "grpc", "yaml"].includes(values.output)) {
    throw new UsageError(`Flag -o: ${values.output} does not go with --watch`);
  }
  return {
    targets: positionals,
    port: values.port,
    engine: {
      portMode: values["port-mode"],
      family: values.family,
      terminatingFallback: !values["no-terminating-fallback"],
      allPorts: values["all-ports"],
      source: values.source,
      readService: true,
      topology: { mode: values.topology, zone: values.zone, node: values.node },
    },
    output: values.output,
    all: values.all,
    headers: !values["no-headers"],
    explain: values.explain,
    watch: watches ? { withSnapshot: !values["watch-only"], count: values.count } : undefined,
    waitFor,
    timeoutMs: values.timeout === undefined
      ? (watches ? 0 : waitFor === undefined ? 30_000 : 60_000)
      : durationOf("timeout", values.timeout),
    probe: values.probe ? probeOf(values) : refuseProbeFlags(values),
    namespaces: values.namespace,
    kube: toKubeSettings(values),
    rbac: toRbacOptions(values),
    checkAccess: values["check-access"],
    log: { level: values["log-level"], format: values["log-format"] },
  };
}

function waitOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "" || text === "false") return undefined;
  if (text === "true") return 1;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UsageError(`Flag --wait: "${text}" is no number of addresses`);
}

function probeOf(values: Values): ProbeOptions {
  const tlsFlags = ["probe-ca", "probe-cert", "probe-key", "probe-server-name"] as const;
  const given = tlsFlags.find((name) => values[name] !== undefined);
  if (given !== undefined && !values["probe-tls"]) {
    throw new UsageError(`Flag --${given}: it needs --probe-tls`);
  }
  return {
    services: values["probe-service"].length === 0 ? [""] : values["probe-service"],
    connectTimeoutMs: durationOf("probe-connect-timeout", values["probe-connect-timeout"]),
    timeoutMs: durationOf("probe-timeout", values["probe-timeout"]),
    concurrency: values["probe-concurrency"],
    policy: parsePolicy(values["probe-policy"]),
    allowUnimplemented: values["probe-allow-unimplemented"],
    tls: !values["probe-tls"] ? undefined : {
      caFile: values["probe-ca"],
      certFile: values["probe-cert"],
      keyFile: values["probe-key"],
      serverName: values["probe-server-name"],
      isVerified: !values["probe-insecure"],
    },
    headers: values["probe-header"].map((text) => {
      const colon = text.indexOf(":");
      if (colon < 1) throw new UsageError("Flag --probe-header: it is not NAME: VALUE");
      return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()] as const;
    }),
  };
}

/** A probe's flag without the probe is a slip that would go unnoticed. */
function refuseProbeFlags(values: Values): undefined {
  if (values["probe-tls"] || values["probe-service"].length > 0) {
    throw new UsageError("Flags of the probe need --probe");
  }
  return undefined;
}

/** Go's durations, and a plain number of seconds. */
function durationOf(flag: string, text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  try {
    return parseGoDuration(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Flag --${flag}: ${reason}`, [], { cause: error });
  }
}
