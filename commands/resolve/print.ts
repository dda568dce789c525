/** Resolutions on stdout, in the form that is asked for (resolve.md 11). */

import { UsageError } from "#lib/cli/usage_error.ts";
import { stringifyYaml } from "#lib/format/yaml.ts";
import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import type { RunContext } from "#lib/run/context.ts";
import type { ResolveOptions } from "./options.ts";
import { resolutionOf, type Resolved, toDocument } from "./resolution_json.ts";
import { footerOf, tableOf } from "./table.ts";

type Printing = Pick<ResolveOptions, "output" | "all" | "headers" | "probe">;

/** Prints all targets in their order; words about them go to stderr. */
export function printResolved(
  resolved: readonly Resolved[],
  options: Printing,
  { stdout, stderr }: Pick<RunContext, "stdout" | "stderr">,
): void {
  switch (options.output) {
    case "table":
    case "wide":
      printTables(resolved, options, { stdout, stderr });
      return;
    case "json":
      stdout.write(`${JSON.stringify(toDocument(resolved, options.all), null, 2)}\n`);
      return;
    case "yaml":
      stdout.write(stringifyYaml(toDocument(resolved, options.all)));
      return;
    case "jsonl":
      for (const one of resolved) stdout.write(`${snapshotLine(one, options.all)}\n`);
      return;
    case "addresses":
      for (const address of resolved.flatMap(addressesOf)) stdout.write(`${address}\n`);
      break;
    case "grpc":
      for (const one of resolved) stdout.write(`${grpcTarget(one)}\n`);
      break;
  }
  printFailures(resolved, stderr);
}

/** The first line of a stream, and of one answer in the same form. */
export function snapshotLine(resolved: Resolved, all: boolean): string {
  const resolution = resolutionOf(resolved, all);
  return JSON.stringify({ type: "SNAPSHOT", time: resolution.observedAt, resolution });
}

function printTables(
  resolved: readonly Resolved[],
  { output, all, headers, probe }: Printing,
  { stdout, stderr }: Pick<RunContext, "stdout" | "stderr">,
): void {
  const table = { wide: output === "wide", all, headers, withProbes: probe !== undefined };
  resolved.forEach((one, index) => {
    if (resolved.length > 1) {
      stdout.write(`${index === 0 ? "" : "\n"}# ${one.target.canonical}\n`);
    }
    if (one.published !== undefined) stdout.write(tableOf(one, table));
    stderr.write(`${footerOf(one)}\n`);
    for (const warning of one.published?.list.warnings ?? []) {
      stderr.write(`kcfg: warning: ${warning}\n`);
    }
  });
  printFailures(resolved, stderr);
}

function printFailures(resolved: readonly Resolved[], stderr: RunContext["stderr"]): void {
  for (const { failure } of resolved) {
    if (failure !== undefined) stderr.write(`kcfg: error: ${failure.message}\n`);
    const hint = failure === undefined ? undefined : HINTS[failure.code];
    if (hint !== undefined) stderr.write(`kcfg: hint: ${hint}\n`);
  }
}

const HINTS: Readonly<Record<string, string>> = {
  empty: "--all lists endpoints that are not usable, --explain says why",
  notFound: "is the namespace right? -n names another one",
  denied: "--print-rbac prints the rights that are needed",
  unreachable: "kcfg doctor examines the way to the API server",
};

function addressesOf({ published }: Resolved): readonly string[] {
  return (published?.list.usable ?? []).flatMap(({ addresses }) => addresses.map(formatHostPort));
}

/** A target that needs no Kubernetes. @throws {UsageError} when it cannot be written as one */
function grpcTarget(resolved: Resolved): string {
  const addresses = (resolved.published?.list.usable ?? []).flatMap((one) => one.addresses);
  const families = [...new Set(addresses.map(({ family }) => family))];
  const [family] = families;
  if (families.length > 1 || family === "FQDN") {
    throw new UsageError(
      `Flag -o: "${resolved.target.input}" has addresses of ${families.join(" and ")}`,
      ["choose one with --family=ipv4 or --family=ipv6"],
    );
  }
  if (family === undefined) return "";
  return `${family.toLowerCase()}:${addresses.map(formatHostPort).join(",")}`;
}
