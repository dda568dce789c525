/**
 * From what people type to flags by name. The replaced programs use Go's flag package: one or two
 * dashes, `=value` or a following value whatever it begins with, `-flag=false` for switches, the last
 * occurrence wins.
 */

import { LIST_SEPARATOR } from "./flag.ts";
import type { FlagTable } from "./flag.ts";
import { UsageError } from "./usage_error.ts";

/** Arguments taken apart. */
export interface RewrittenArgs {
  /** Text of each known flag that was given, by name; `true` for a switch without a value. */
  readonly flags: Readonly<Record<string, string>>;
  /** Positionals, and unknown flags with two dashes, in order. */
  readonly others: readonly string[];
  /** Everything behind the first `--`; `undefined` without one. */
  readonly passthrough: readonly string[] | undefined;
}

/**
 * Takes the flags of the table out of `args`. Unknown ones pass with two dashes, so that they can be explained.
 *
 * @throws {UsageError} when a flag that needs a value has none
 */
export function rewriteArgs(args: readonly string[], flags: FlagTable): RewrittenArgs {
  const byFlag = new Map<string, string>();
  const others: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--") {
      return { flags: Object.fromEntries(byFlag), others, passthrough: args.slice(i + 1) };
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
  return { flags: Object.fromEntries(byFlag), others, passthrough: undefined };
}

function flagNamed(typed: string, flags: FlagTable): string | undefined {
  if (Object.hasOwn(flags, typed)) return typed;
  if (typed.length !== 1) return undefined;
  return Object.keys(flags).find((name) => flags[name]?.short === typed);
}
