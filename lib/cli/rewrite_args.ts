/**
 * From what people type to what the scanner takes. The replaced programs use Go's flag package: one or two
 * dashes, `=value` or a following value whatever it begins with, `-flag=false` for switches, the last
 * occurrence wins. After this step every known flag is one argument of one form.
 */

import { LIST_SEPARATOR } from "./flag.ts";
import type { FlagTable } from "./flag.ts";
import { UsageError } from "./usage_error.ts";

/** Arguments in the scanner's form, and what stood behind `--`. */
export interface RewrittenArgs {
  /** `--name==VALUE` (percent-encoded), `--name` for switches without a value, and positionals. */
  readonly args: readonly string[];
  /** Everything behind the first `--`; `undefined` without one. */
  readonly passthrough: readonly string[] | undefined;
}

/**
 * Rewrites `args` by `flags`. Unknown flags pass with two dashes, so that the scanner can suggest.
 *
 * @throws {UsageError} when a flag that needs a value has none
 */
export function rewriteArgs(args: readonly string[], flags: FlagTable): RewrittenArgs {
  const byFlag = new Map<string, string>();
  const others: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--") {
      return { args: [...encoded(byFlag), ...others], passthrough: args.slice(i + 1) };
    }
    const parts = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(arg);
    if (parts === null) {
      others.push(arg);
      continue;
    }
    const typed = parts[1] ?? "";
    const name = flagNamed(typed, flags);
    if (name === undefined) {
      others.push(`--${arg.replace(/^--?/, "")}`);
      continue;
    }
    let value = parts[2];
    if (value === undefined && flags[name]?.boolean !== true) {
      i += 1;
      value = args[i];
      if (value === undefined) throw new UsageError(`Flag --${name} needs a value`);
    }
    const known = flags[name]?.repeatable === true ? byFlag.get(name) : undefined;
    byFlag.set(name, known === undefined ? value ?? "true" : known + LIST_SEPARATOR + value);
  }
  return { args: [...encoded(byFlag), ...others], passthrough: undefined };
}

function encoded(values: ReadonlyMap<string, string>): string[] {
  return [...values].map(([name, value]) => `--${name}=${encodeValue(value)}`);
}

/**
 * A value as the scanner can carry it: it takes neither an empty value nor one with a line break, so the
 * value travels percent-encoded behind a second `=`.
 */
function encodeValue(value: string): string {
  return `=${encodeURIComponent(value.toWellFormed())}`;
}

/** Undoes `encodeValue`. */
export function decodeValue(encoded: string): string {
  return decodeURIComponent(encoded.slice(1));
}

function flagNamed(typed: string, flags: FlagTable): string | undefined {
  if (Object.hasOwn(flags, typed)) return typed;
  if (typed.length !== 1) return undefined;
  return Object.keys(flags).find((name) => flags[name]?.short === typed);
}
