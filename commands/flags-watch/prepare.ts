/** From options to declared flags with the values of environment and command line, and the log they rule. */

import { UsageError } from "#lib/cli/usage_error.ts";
import { denoDirectoryAccess } from "#lib/flags/deno.ts";
import { applyEnvironment } from "#lib/flags/environment.ts";
import { FlagError } from "#lib/flags/errors.ts";
import { FlagSet } from "#lib/flags/flag_set.ts";
import type { RunContext } from "#lib/run/context.ts";
import { readAllStdin } from "#lib/run/stdin.ts";
import { declareBuiltIn, logLevelOf } from "./built_in_flags.ts";
import type { FlagsWatchOptions } from "./options.ts";
import { type AddRules, declareSchema, hasRules, SchemaError, setNameOf } from "./schema.ts";
import { readSchemaFile } from "./schema_file.ts";
import { createSwitchableLog, type SwitchableLog } from "./switchable_log.ts";

/** What is ready before anything is followed. */
export interface Prepared {
  readonly flags: FlagSet;
  /** The parsed schema; `undefined` with `--infer`. */
  readonly schema: unknown;
  readonly log: SwitchableLog;
  /** Gives the log the form that the static flags ask for. */
  readonly settleLog: () => void;
}

/**
 * Reads the schema, declares the flags and sets what is known before the source.
 *
 * @throws {UsageError} for a bad schema, an unknown flag, or a value that is refused
 */
export async function prepare(options: FlagsWatchOptions, context: RunContext): Promise<Prepared> {
  const log = createSwitchableLog({
    level: options.log.level,
    format: options.log.format ?? "json",
    timestamps: true,
  }, { sink: context.stderr, clock: context.clock });
  const document = await readSchema(options, context, log);
  const flags = new FlagSet(setNameOf(document), {
    now: () => context.clock.now(),
    onListenerError: (err) => log.error("listener failed", { err }),
  });
  const builtIn = declareBuiltIn(flags);
  builtIn.level.onChange((_old, level) => log.change({ level: logLevelOf(level) }), { sync: true });
  const addRules = hasRules(document) ? (await import("./rules/rules.ts")).addRules : undefined;
  if (document !== undefined) declare(flags, document, { ...options, addRules });
  setKnown(flags, options, context.env);
  const settleLog = () =>
    log.change({
      format: options.log.format ?? (builtIn.json.value ? "json" : "text"),
      timestamps: builtIn.timestamp.value,
    });
  settleLog();
  return { flags, schema: document, log, settleLog };
}

async function readSchema(
  { schema, kube }: FlagsWatchOptions,
  { signal, clock }: RunContext,
  log: SwitchableLog,
): Promise<unknown> {
  if (schema.kind === "infer") return undefined;
  if (schema.kind === "configmap") {
    const { readSchemaObject } = await import("./api_source.ts");
    return await readSchemaObject(schema, kube, { clock, log, signal });
  }
  return await readSchemaFile(schema.path, {
    readFile: denoDirectoryAccess.readFile,
    readStdin: readAllStdin,
  });
}

function declare(
  flags: FlagSet,
  document: unknown,
  { schema, addRules }: FlagsWatchOptions & { readonly addRules: AddRules | undefined },
): void {
  try {
    declareSchema(flags, document, addRules);
  } catch (err) {
    if (!(err instanceof SchemaError)) throw err;
    const count = err.problems.length;
    const where = schema.kind === "file" ? ` "${schema.path}"` : "";
    throw new UsageError(
      `Schema${where} has ${count} problem${count === 1 ? "" : "s"}`,
      err.problems,
      { cause: err },
    );
  }
}

function setKnown(
  flags: FlagSet,
  { schema, values }: FlagsWatchOptions,
  env: Readonly<Record<string, string>>,
): void {
  const [refused] = applyEnvironment(flags, env).rejected;
  if (refused !== undefined) {
    throw new UsageError(`Variable for flag "${refused.flag}": ${shown(flags, refused)}`);
  }
  for (const [name, raw] of values) {
    // With --infer a name on the command line is the first sight of it.
    if (schema.kind === "infer" && !flags.has(name)) flags.string(name, "");
    try {
      flags.set(name, raw);
    } catch (err) {
      if (!(err instanceof FlagError)) throw err;
      throw new UsageError(`Value for flag "${name}": ${shown(flags, err)}`, [], { cause: err });
    }
  }
}

/** A parser's text may quote the value. */
function shown(flags: FlagSet, { flag, message }: FlagError): string {
  return flags.get(flag)?.isSecret === true ? "refused" : message;
}
