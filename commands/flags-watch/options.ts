/** From flags to checked options: what contradicts, what one of them needs of another (flags-watch.md 6). */

import { toKubeSettings, toRbacOptions } from "#lib/cli/kube_flags.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import type { ScannedArgs } from "#lib/cli/scan_args.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import type { ListenAddress } from "#lib/http/address.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { RbacOptions } from "#lib/kube/mod.ts";
import type { LogLevel } from "#lib/log/logger.ts";
import type { FileForm, FLAGS, OutputForm } from "./flag_table.ts";

/** A ConfigMap or Secret to read. */
export interface ObjectName {
  readonly kind: "ConfigMap" | "Secret";
  /** `undefined` for the configured one. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Where values come from. */
export type SourceOptions =
  | {
    readonly kind: "directory";
    readonly path: string;
    readonly waitMs: number;
    readonly pollIntervalMs: number;
    readonly debounceMs: number;
  }
  | { readonly kind: "api"; readonly objects: readonly ObjectName[] }
  | { readonly kind: "manifest"; readonly path: string }
  | { readonly kind: "none" };

/** Where the flags are declared. */
export type SchemaOptions =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "configmap"; readonly object: ObjectName; readonly key: string }
  | { readonly kind: "infer" };

/** The HTTP service. */
export interface HttpOptions {
  readonly address: ListenAddress;
  readonly listPath: string;
  readonly setPath: string;
  readonly allowSet: boolean;
  readonly allowSetPaths: boolean;
  readonly tokenFile: string | undefined;
  readonly ofrep: boolean;
}

/** What is told of changes. */
export interface HookOptions {
  /** Program and arguments; `undefined` for none. */
  readonly command: readonly string[] | undefined;
  readonly request: {
    readonly url: string;
    readonly method: string;
    readonly headers: readonly (readonly [string, string])[];
  } | undefined;
  readonly timeoutMs: number;
  readonly onStart: boolean;
  readonly withSecrets: boolean;
}

/** Checked options. Times in milliseconds. */
export interface FlagsWatchOptions {
  readonly source: SourceOptions;
  readonly schema: SchemaOptions;
  /** Values of the command line, built-in flags first. */
  readonly values: readonly (readonly [name: string, raw: string])[];
  readonly unknown: "warn" | "error" | "ignore";
  readonly initErrors: "fail" | "warn";
  readonly atomic: boolean;
  readonly onRemove: "keep" | "default";
  readonly overridePolicy: "until-update" | "sticky";
  readonly http: HttpOptions | undefined;
  readonly output: OutputForm;
  readonly once: boolean;
  /** Print the types of the schema's values instead of running. */
  readonly emitsTypes: boolean;
  readonly outFile: { readonly path: string; readonly form: FileForm } | undefined;
  readonly hooks: HookOptions;
  readonly kube: KubeSettings;
  /** Print the rights instead of running. */
  readonly rbac: Omit<RbacOptions, "command" | "namespaces"> | undefined;
  readonly log: {
    readonly level: LogLevel;
    /** `undefined` leaves it to the built-in flag `logger-json`. */
    readonly format: "text" | "json" | "auto" | undefined;
  };
}

type Values = ResolvedFlags<typeof FLAGS>["values"];

/**
 * Checks the flags against each other.
 *
 * @throws {UsageError} for a contradiction or when something needed is missing
 */
export function toOptions(
  { values, sources }: ResolvedFlags<typeof FLAGS>,
  { passthrough }: Pick<ScannedArgs, "passthrough">,
): FlagsWatchOptions {
  const hooks = hooksOf(values, passthrough);
  const address = values["config-port"] ?? values.listen;
  const hasHook = hooks.command !== undefined || hooks.request !== undefined;
  if (values.namespace.length > 1) {
    throw new UsageError("Flag --namespace: it may be given once, objects may name their own");
  }
  return {
    source: sourceOf(values),
    schema: schemaOf(values),
    values: commandLineOf(values),
    unknown: values.unknown,
    initErrors: values["init-errors"],
    atomic: values.atomic,
    onRemove: values["on-remove"],
    overridePolicy: values["override-policy"],
    http: address === undefined ? undefined : httpOf(values, address),
    output: values.output ?? (address === undefined && !hasHook ? "jsonl" : "none"),
    once: values.once,
    emitsTypes: values["emit-types"] === "ts",
    outFile: values["out-file"] === undefined
      ? undefined
      : { path: values["out-file"], form: values["out-format"] },
    hooks,
    kube: toKubeSettings(values),
    rbac: toRbacOptions(values),
    log: {
      level: values["log-level"],
      format: sources["log-format"] === "default" ? undefined : values["log-format"],
    },
  };
}

function sourceOf(values: Values): SourceOptions {
  const path = values["config-dir"] ?? values.dir ?? values.dflag_dir_path;
  const objects = [
    ...values.configmap.map((text) => objectOf("ConfigMap", text)),
    ...values.secret.map((text) => objectOf("Secret", text)),
  ];
  if (values["emit-types"] === "ts") return { kind: "none" };
  if (values.check !== undefined && !values.once) {
    throw new UsageError("Flag --check: it needs --once");
  }
  const named = [
    ...(path === undefined ? [] : ["--config-dir"]),
    ...(objects.length === 0 ? [] : [values.configmap.length > 0 ? "--configmap" : "--secret"]),
    ...(values.check === undefined ? [] : ["--check"]),
    ...(values["no-source"] ? ["--no-source"] : []),
  ];
  if (named.length > 1) {
    throw new UsageError(`Flags ${named.join(" and ")} contradict: there is one kind of source`);
  }
  if (path !== undefined) {
    return {
      kind: "directory",
      path,
      waitMs: values["wait-dir"],
      pollIntervalMs: values["poll-interval"],
      debounceMs: values.debounce,
    };
  }
  if (objects.length > 0) return { kind: "api", objects };
  if (values.check !== undefined) return { kind: "manifest", path: values.check };
  if (values["no-source"]) return { kind: "none" };
  throw new UsageError("No source of values", [
    "name a directory with --config-dir or an object with --configmap",
    "with --no-source, values come from --set and HTTP alone",
  ]);
}

function schemaOf(values: Values): SchemaOptions {
  const { schema, infer } = values;
  const reference = values["schema-configmap"];
  const named = [
    ...(schema === undefined ? [] : ["--schema"]),
    ...(reference === undefined ? [] : ["--schema-configmap"]),
    ...(infer ? ["--infer"] : []),
  ];
  if (named.length > 1) throw new UsageError(`Flags ${named.join(" and ")} contradict`);
  if (infer && values["emit-types"] === "ts") {
    throw new UsageError("Flag --emit-types: with --infer there are no types");
  }
  if (schema !== undefined) return { kind: "file", path: schema };
  if (infer) return { kind: "infer" };
  if (reference === undefined) {
    throw new UsageError("No declaration of the flags", [
      "name a file with --schema, or take every key as text with --infer",
    ]);
  }
  const [, object = "", key = ""] = /^([^#]+)#([-._a-zA-Z0-9]+)$/.exec(reference) ?? [];
  if (key === "") {
    throw new UsageError(
      `Flag --schema-configmap: "${reference}" is not of the form [NS/]NAME#KEY`,
    );
  }
  return { kind: "configmap", object: objectOf("ConfigMap", object), key };
}

function objectOf(kind: ObjectName["kind"], text: string): ObjectName {
  const parts = /^(?:([a-z0-9]([-a-z0-9]*[a-z0-9])?)\/)?([a-z0-9]([-.a-z0-9]*[a-z0-9])?)$/
    .exec(text);
  if (parts === null) throw new UsageError(`"${text}" is not the name of a ${kind}: [NS/]NAME`);
  return { kind, namespace: parts[1], name: parts[3] ?? "" };
}

function commandLineOf(values: Values): readonly (readonly [string, string])[] {
  const builtIn = (["loglevel", "logger-json", "logger-timestamp"] as const).flatMap((name) => {
    const raw = values[name];
    return raw === undefined ? [] : [[name, raw] as const];
  });
  const set = values.set.map((text) => {
    const equals = text.indexOf("=");
    if (equals < 1) throw new UsageError(`Flag --set: "${text}" is not of the form NAME=RAW`);
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
  return [...builtIn, ...set];
}

function httpOf(values: Values, address: ListenAddress): HttpOptions {
  if (values["list-path"] === values["set-path"]) {
    throw new UsageError("Flags --list-path and --set-path are the same");
  }
  return {
    address,
    listPath: values["list-path"],
    setPath: values["set-path"],
    allowSet: values["allow-set"],
    allowSetPaths: values["allow-set-paths"],
    tokenFile: values["set-token-file"],
    ofrep: values.ofrep,
  };
}

function hooksOf(values: Values, passthrough: readonly string[] | undefined): HookOptions {
  const shell = values["on-change"];
  const program = passthrough !== undefined && passthrough.length > 0 ? passthrough : undefined;
  if (shell !== undefined && program !== undefined) {
    throw new UsageError("Flag --on-change: there is a hook behind -- already");
  }
  const url = values["on-change-http"];
  const headers = values["on-change-http-header"].map(headerOf);
  if (url === undefined && headers.length > 0) {
    throw new UsageError("Flag --on-change-http-header: it needs --on-change-http");
  }
  if (url !== undefined && !(/^https?:\/\/./.test(url) && URL.canParse(url))) {
    throw new UsageError("Flag --on-change-http: it is not a URL with http or https");
  }
  return {
    // As system(3) does; the image has no shell, there a program behind -- is the way.
    command: program ?? (shell === undefined ? undefined : ["/bin/sh", "-c", shell]),
    request: url === undefined ? undefined : {
      url,
      method: values["on-change-http-method"].toUpperCase(),
      headers,
    },
    timeoutMs: values["hook-timeout"],
    onStart: values["hook-on-start"],
    withSecrets: values["hook-secrets"],
  };
}

function headerOf(text: string): readonly [string, string] {
  const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)$/.exec(text);
  if (parts === null) throw new UsageError("Flag --on-change-http-header: expected NAME: VALUE");
  return [parts[1] ?? "", parts[2] ?? ""];
}
