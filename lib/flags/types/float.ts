/** Floating-point numbers as Go's `strconv.ParseFloat` reads and its verb `%v` prints them. */

import { ParseFailure } from "../errors.ts";
import { goQuote } from "../text.ts";
import type { FlagType } from "./flag_type.ts";

const DIGITS = "[0-9](?:_?[0-9])*";
const HEX_DIGITS = "[0-9a-fA-F](?:_?[0-9a-fA-F])*";
const DECIMAL = new RegExp(
  `^[+-]?(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:[eE][+-]?${DIGITS})?$`,
);
const HEXADECIMAL = new RegExp(
  `^([+-]?)0[xX](?:(_?${HEX_DIGITS})(?:\\.(${HEX_DIGITS})?)?|\\.(${HEX_DIGITS}))[pP]([+-]?${DIGITS})$`,
);
const SMALLEST_EXPONENT = -1074;

/** `float`: 64 bits. Not-a-number and infinities are values too; JSON shows them as their text. */
export const floatType: FlagType<number> = {
  name: "float",
  parse(text) {
    const value = special(text) ?? decimal(text) ?? hexadecimal(text);
    if (value === undefined) throw failure(text, "invalid syntax", "syntax");
    if (!Number.isFinite(value) && /[0-9]/.test(text)) {
      throw failure(text, "value out of range", "range");
    }
    return value;
  },
  format: formatFloat,
  toJson: (value) => Number.isFinite(value) ? value : formatFloat(value),
};

/** The shortest digits that read back; exponent form below 10⁻⁴ and from 10⁶ on. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa = "", power = ""] = Math.abs(value).toExponential().split("e");
  const exponent = Number(power);
  // Plain notation of numbers this size is the same in both languages.
  if (value === 0 || exponent >= -4 && exponent < 6) return sign + String(Math.abs(value));
  const digits = String(Math.abs(exponent)).padStart(2, "0");
  return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
}

function special(text: string): number | undefined {
  if (/^nan$/i.test(text)) return NaN;
  const sign = /^([+-]?)inf(?:inity)?$/i.exec(text)?.[1];
  return sign === undefined ? undefined : sign === "-" ? -Infinity : Infinity;
}

function decimal(text: string): number | undefined {
  return DECIMAL.test(text) ? Number(text.replaceAll("_", "")) : undefined;
}

function hexadecimal(text: string): number | undefined {
  const match = HEXADECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = match[4] ?? "", , power = "0"] = match;
  const clean = (digits: string) => digits.replaceAll("_", "");
  const mantissa = BigInt(`0x${clean(whole + fraction)}`);
  const value = scale(mantissa, Number(clean(power)) - 4 * clean(fraction).length);
  return sign === "-" ? -value : value;
}

/** mantissa × 2^exponent, rounded once, to the nearest and then to even. */
function scale(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0;
  const top = mantissa.toString(2).length + exponent;
  if (top > 1024) return Infinity;
  if (top < SMALLEST_EXPONENT) return 0;
  const unit = Math.max(top - 53, SMALLEST_EXPONENT);
  const dropped = BigInt(unit - exponent);
  if (dropped <= 0n) return Number(mantissa << -dropped) * 2 ** unit;
  const kept = mantissa >> dropped;
  const rest = mantissa - (kept << dropped);
  const half = 1n << (dropped - 1n);
  const isUp = rest > half || rest === half && kept % 2n === 1n;
  return Number(isUp ? kept + 1n : kept) * 2 ** unit;
}

function failure(text: string, state: string, reason: "syntax" | "range"): ParseFailure {
  return new ParseFailure(`strconv.ParseFloat: parsing ${goQuote(text)}: ${state}`, reason);
}
