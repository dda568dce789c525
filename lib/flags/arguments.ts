/** Flags on a command line, by the rules of Go's `flag` package. */

import { FlagError, type FlagErrorReason } from "./errors.ts";
import { goQuote } from "./text.ts";
import type { AnyValue } from "./value_contract.ts";

/** What the parser needs of a set of flags. */
export interface ArgumentTarget {
  get(name: string): AnyValue | undefined;
  set(name: string, raw: string): void;
}

/**
 * Sets flags until `--`, a lone `-` or the first argument that is none; returns what is left, without `--`.
 *
 * @throws {FlagError} on bad syntax, an undeclared flag, a missing or a refused value
 */
export function parseArguments(target: ArgumentTarget, argv: readonly string[]): string[] {
  let at = 0;
  while (at < argv.length) {
    const argument = argv[at] ?? "";
    if (argument === "--") return argv.slice(at + 1);
    if (!/^-./.test(argument)) break;
    at += 1;
    const [, name = "", equals, text = ""] = /^--?([^=]*)(=?)([^]*)$/.exec(argument) ?? [];
    if (name === "" || name.startsWith("-")) {
      throw failure(`bad flag syntax: ${argument}`, { flag: name, reason: "syntax" });
    }
    const value = target.get(name);
    if (value === undefined) {
      throw failure(`flag provided but not defined: -${name}`, { flag: name, reason: "unknown" });
    }
    let raw = text;
    if (equals !== "=") {
      const isBool = value.type.name === "bool";
      if (!isBool && at >= argv.length) {
        throw failure(`flag needs an argument: -${name}`, { flag: name, reason: "syntax" });
      }
      raw = isBool ? "true" : argv[at++] ?? "";
    }
    setFlag(target, { name, raw });
  }
  return argv.slice(at);
}

function setFlag(target: ArgumentTarget, { name, raw }: { name: string; raw: string }): void {
  try {
    target.set(name, raw);
  } catch (err) {
    if (!(err instanceof FlagError)) throw err;
    const message = `invalid value ${goQuote(raw)} for flag -${name}: ${err.message}`;
    throw new FlagError(message, { flag: name, raw, reason: err.reason, cause: err });
  }
}

function failure(
  message: string,
  { flag, reason }: { readonly flag: string; readonly reason: FlagErrorReason },
): FlagError {
  return new FlagError(message, { flag, raw: "", reason });
}
