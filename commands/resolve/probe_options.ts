/** The `--probe-…` flags, checked (resolve.md 13). */

import { UsageError } from "#lib/cli/usage_error.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import type { FLAGS } from "./flag_table.ts";

/** What success needs. */
export type ProbePolicy =
  | { readonly kind: "all" }
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "percent"; readonly percent: number };

/** How addresses are asked for their health. */
export interface ProbeOptions {
  /** At least one; empty is the whole server. */
  readonly services: readonly string[];
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly concurrency: number;
  /** Milliseconds between rounds, 0 for one round. */
  readonly intervalMs: number;
  readonly policy: ProbePolicy;
  readonly allowUnimplemented: boolean;
  readonly tls: ProbeTls | undefined;
  readonly headers: readonly (readonly [string, string])[];
}

/** Files and name of TLS. */
export interface ProbeTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly insecure: boolean;
}

/** `undefined` without `--probe`. @throws {UsageError} */
export function toProbeOptions(
  { values, sources }: Pick<ResolvedFlags<typeof FLAGS>, "values" | "sources">,
): ProbeOptions | undefined {
  const isTls = values["probe-tls"];
  const tls: ProbeTls = {
    ca: values["probe-ca"],
    cert: values["probe-cert"],
    key: values["probe-key"],
    serverName: values["probe-server-name"],
    insecure: values["probe-insecure"],
  };
  const stray = (["probe-ca", "probe-cert", "probe-key", "probe-server-name"] as const)
    .find((name) => values[name] !== undefined) ??
    (values["probe-insecure"] ? "probe-insecure" : undefined);
  if (stray !== undefined && !isTls) {
    throw new UsageError(`Flag --${stray}: goes with --probe-tls only`);
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new UsageError("Flags --probe-cert and --probe-key: give both or none");
  }
  // Variables may be there for other runs; whoever types one of these means to probe.
  const typed = Object.entries(sources).flatMap(([name, source]) =>
    name.startsWith("probe-") && source === "flag" ? [name] : []
  );
  if (!values.probe && typed[0] !== undefined) {
    throw new UsageError(`Flag --${typed[0]}: goes with --probe only`);
  }
  if (typed.includes("probe-interval") && !values.watch && !values["watch-only"]) {
    throw new UsageError("Flag --probe-interval: goes with --watch only");
  }
  const policy = parsePolicy(values["probe-policy"]);
  const headers = values["probe-header"].map(parseHeader);
  if (!values.probe) return undefined;
  return {
    services: values["probe-service"].length === 0 ? [""] : values["probe-service"],
    connectTimeoutMs: values["probe-connect-timeout"],
    timeoutMs: values["probe-timeout"],
    concurrency: values["probe-concurrency"],
    intervalMs: values["probe-interval"],
    policy,
    allowUnimplemented: values["probe-allow-unimplemented"],
    tls: isTls ? tls : undefined,
    headers,
  };
}

function parsePolicy(text: string): ProbePolicy {
  if (text === "all") return { kind: "all" };
  if (text === "any") return { kind: "count", count: 1 };
  if (/^[1-9]\d{0,5}$/.test(text)) return { kind: "count", count: Number(text) };
  const percent = /^(\d{1,3})%$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) <= 100) {
    return { kind: "percent", percent: Number(percent) };
  }
  throw new UsageError(`Flag --probe-policy: "${text}" is not all, any, a number or a share`);
}

/** Checked before anything is asked; the value may be a secret, so no error repeats it. */
function parseHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  if (colon <= 0) throw new UsageError("Flag --probe-header: must read NAME: VALUE");
  const name = text.slice(0, colon).trim().toLowerCase();
  const value = text.slice(colon + 1).trim();
  if (!/^[0-9a-z_.-]+$/.test(name)) {
    throw new UsageError("Flag --probe-header: NAME is letters, digits, dots, - and _");
  }
  if (name.endsWith("-bin")) {
    throw new UsageError("Flag --probe-header: names that end in -bin need bytes, not text");
  }
  if (!/^[ -~]*$/.test(value)) {
    throw new UsageError("Flag --probe-header: VALUE is printable ASCII");
  }
  return [name, value];
}
