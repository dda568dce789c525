/**
 * Where a value comes from: flag, then environment, then configuration file, then default. Pure: the
 * environment arrives as a snapshot.
 */

import { LIST_SEPARATOR } from "./flag.ts";
import type { FlagTable, FlagValues } from "./flag.ts";
import { UsageError } from "./usage_error.ts";

/** Who set a value. */
export type FlagSource = "flag" | "environment" | "file" | "default";

/** A variable whose text could not be used; the default stands in its place. */
export interface FlagProblem {
  readonly flag: string;
  readonly variable: string;
  /** Why, without the value when the flag is sensitive. */
  readonly reason: string;
}

/** Checked values of a command's flags and where each came from. */
export interface ResolvedFlags<T extends FlagTable> {
  readonly values: FlagValues<T>;
  readonly sources: { readonly [K in keyof T]: FlagSource };
  /** Text behind each value, for logs; sensitive ones are masked. */
  readonly texts: { readonly [K in keyof T]: string };
  /** Malformed variables; empty unless `lenientEnv`. */
  readonly problems: readonly FlagProblem[];
}

/** Inputs besides the table. */
export interface ResolveInputs {
  /** Text of flags given on the command line. */
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** Settings from a configuration file, by flag name. */
  readonly file?: Readonly<Record<string, string>>;
  /** Name of the command, for `KCFG_<COMMAND>_<FLAG>`. */
  readonly command: string;
  /** A malformed variable becomes a problem instead of an error, and the default is used. */
  readonly lenientEnv?: boolean;
}

/**
 * Resolves every flag of `table`.
 *
 * @throws {UsageError} for a malformed value, or for a flag that this version does not have
 */
export function resolveFlags<const T extends FlagTable>(
  table: T,
  inputs: ResolveInputs,
): ResolvedFlags<T> {
  const values: Record<string, unknown> = {};
  const sources: Record<string, FlagSource> = {};
  const texts: Record<string, string> = {};
  const problems: FlagProblem[] = [];
  for (const [name, flag] of Object.entries(table)) {
    const { text, source, origin } = pickText(name, table, inputs);
    if (
      flag.unavailable !== undefined && source !== "default" &&
      flag.offTexts?.includes(text ?? "") !== true
    ) {
      throw new UsageError(`${origin}: ${flag.unavailable} is not available in this version`, [
        "remove the setting, or stay with the program that has it",
      ]);
    }
    sources[name] = source;
    texts[name] = mask((text ?? "").replaceAll(LIST_SEPARATOR, ","), flag.sensitive);
    if (text === undefined) continue;
    try {
      values[name] = flag.parse(text);
    } catch (error) {
      const reason = flag.sensitive === undefined ? messageOf(error) : "value cannot be used";
      if (source !== "environment" || inputs.lenientEnv !== true) {
        throw new UsageError(`${origin}: ${reason}`, [], { cause: error });
      }
      problems.push({ flag: name, variable: origin.slice("Variable ".length), reason });
      sources[name] = "default";
      texts[name] = flag.default ?? "";
      if (flag.default !== undefined) values[name] = flag.parse(flag.default);
    }
  }
  return {
    values: values as FlagValues<T>,
    sources: sources as ResolvedFlags<T>["sources"],
    texts: texts as ResolvedFlags<T>["texts"],
    problems,
  };
}

/** Variables that set a flag, strongest first: `KCFG_<COMMAND>_<FLAG>`, then the inherited ones. */
export function variablesOf(command: string, name: string, table: FlagTable): readonly string[] {
  return [`KCFG_${command}_${name}`.replaceAll("-", "_").toUpperCase(), ...table[name]?.env ?? []];
}

interface Picked {
  readonly text: string | undefined;
  readonly source: FlagSource;
  readonly origin: string;
}

function pickText(name: string, table: FlagTable, inputs: ResolveInputs): Picked {
  const flag = table[name];
  const given = own(inputs.flags, name);
  if (given !== undefined) return { text: given, source: "flag", origin: `Flag --${name}` };
  for (const variable of variablesOf(inputs.command, name, table)) {
    const text = own(inputs.env, variable);
    if (text === undefined || (text === "" && flag?.emptyEnv !== true)) continue;
    return { text, source: "environment", origin: `Variable ${variable}` };
  }
  const filed = own(inputs.file ?? {}, name);
  if (filed !== undefined) return { text: filed, source: "file", origin: `Setting ${name}` };
  return { text: flag?.default, source: "default", origin: `Default of --${name}` };
}

function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Text that may be logged: passwords in URLs and whole secrets become `***`. */
function mask(text: string, sensitive: "url" | "secret" | undefined): string {
  if (sensitive === "secret") return text === "" ? "" : "***";
  if (sensitive === "url") return text.replace(/(:\/\/[^/@:]*:).*@/s, "$1***@");
  return text;
}
