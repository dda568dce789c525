/** Integers as Go's `strconv.ParseInt` reads them with base 0: signs, prefixes, octal, underscores. */

import { ParseFailure } from "../errors.ts";
import { goQuote } from "../text.ts";
import type { FlagType } from "./flag_type.ts";

const SYNTAX = new RegExp(
  "^([+-]?)(?:" +
    "0[xX]((?:_?[0-9a-fA-F])+)|" +
    "0[oO]((?:_?[0-7])+)|" +
    "0[bB]((?:_?[01])+)|" +
    "0((?:_?[0-7])*)|" +
    "([1-9](?:_?[0-9])*))$",
);

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

/** `int64`: all 64 bits, as bigint. */
export const int64Type: FlagType<bigint> = {
  name: "int64",
  parse: parseInt64,
  format: String,
  toJson: (value) => {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  },
};

/** `int`: the safe integers ±(2⁵³−1), as number. */
export const intType: FlagType<number> = {
  name: "int",
  parse(text) {
    const value = Number(parseInt64(text));
    if (!Number.isSafeInteger(value)) throw outOfRange(text);
    return value;
  },
  // Adding zero makes zero of minus zero, which only a setter in code can bring in.
  format: (value) => String(value + 0),
  toJson: (value) => value,
};

function parseInt64(text: string): bigint {
  const [, sign, hex, octal, binary, legacyOctal, decimal] = SYNTAX.exec(text) ?? [];
  if (sign === undefined) {
    throw new ParseFailure(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  }
  const magnitude = read("0x", hex) ?? read("0o", octal) ?? read("0b", binary) ??
    read("0o0", legacyOctal) ?? read("", decimal) ?? 0n;
  const value = sign === "-" ? -magnitude : magnitude;
  if (value < MIN || value > MAX) throw outOfRange(text);
  return value;
}

function read(prefix: string, digits: string | undefined): bigint | undefined {
  return digits === undefined ? undefined : BigInt(prefix + digits.replaceAll("_", ""));
}

function outOfRange(text: string): ParseFailure {
  return new ParseFailure(
    `strconv.ParseInt: parsing ${goQuote(text)}: value out of range`,
    "range",
  );
}
