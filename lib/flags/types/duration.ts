/**
 * Durations of flags: Go's units plus days and weeks, blanks between the parts, exact decimals, and a canonical
 * text without zero parts. Wider than `lib/format/duration.ts`, which is Go's own syntax.
 */

import { formatGoDurationNs } from "#lib/format/duration.ts";
import { ParseFailure } from "../errors.ts";
import { goQuote } from "../text.ts";
import type { FlagType } from "./flag_type.ts";

const MAX_NS = 2n ** 63n - 1n;
const SECOND_NS = 1_000_000_000n;

const UNIT_NS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["\u00b5s", 1_000n],
  ["\u03bcs", 1_000n],
  ["ms", 1_000_000n],
  ["s", SECOND_NS],
  ["m", 60n * SECOND_NS],
  ["h", 3_600n * SECOND_NS],
  ["d", 86_400n * SECOND_NS],
  ["w", 604_800n * SECOND_NS],
]);

const PRINTED_UNITS = ["w", "d", "h", "m"];

/** A span of time in whole nanoseconds. Immutable. */
export class Duration {
  /** Whole nanoseconds. */
  readonly ns: bigint;

  /** A span of `ns` nanoseconds. */
  constructor(ns: bigint) {
    this.ns = ns;
    Object.freeze(this);
  }

  /** A span of `ms` milliseconds, rounded to whole nanoseconds. */
  static ofMs(ms: number): Duration {
    const whole = Math.trunc(ms);
    return new Duration(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6)));
  }

  /** Milliseconds, as near as a number can be. */
  get ms(): number {
    return Number(this.ns) / 1e6;
  }

  /** Seconds, as near as a number can be. */
  get seconds(): number {
    return Number(this.ns) / 1e9;
  }

  /** The canonical text: `1d3h`, `1.5s`, `150ms`, `0s`. */
  toString(): string {
    return formatDuration(this.ns);
  }

  /** The canonical text. */
  toJSON(): string {
    return this.toString();
  }
}

/** `duration`. */
export const durationType: FlagType<Duration> = {
  name: "duration",
  parse: (text) => new Duration(parseDurationNs(text)),
  format: String,
  toJson: String,
};

function parseDurationNs(text: string): bigint {
  const isNegative = text.startsWith("-");
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === "0") return 0n;
  let total = 0n;
  while (rest !== "") {
    rest = rest.replace(/^[ \t]+/, "");
    const number = /^[0-9.-]*/.exec(rest)?.[0] ?? "";
    if (number === "") throw new ParseFailure(`invalid duration ${text}`);
    rest = rest.slice(number.length);
    const unit = /^[^0-9.\- \t]*/.exec(rest)?.[0] ?? "";
    if (unit === "") throw new ParseFailure(`missing unit in duration ${text}`);
    rest = rest.slice(unit.length);
    total += partNs(number, unit, text);
  }
  if (total > MAX_NS) throw new ParseFailure(`duration ${text} out of range`, "range");
  return isNegative ? -total : total;
}

function partNs(number: string, unit: string, text: string): bigint {
  const match = /^(-?)([0-9]*)(?:\.([0-9]*))?$/.exec(number);
  const [, sign = "", whole = "", fraction = ""] = match ?? [];
  if (whole + fraction === "") {
    throw new ParseFailure(`strconv.ParseFloat: parsing ${goQuote(number)}: invalid syntax`);
  }
  const unitNs = UNIT_NS.get(unit);
  if (unitNs === undefined) throw new ParseFailure(`unknown unit ${unit} in duration ${text}`);
  const digits = BigInt(whole + fraction);
  // Like a number compared with zero: minus zero is not negative.
  if (sign === "-" && digits > 0n) {
    throw new ParseFailure(`unexpected negative sign in middle of duration ${text}`);
  }
  return digits * unitNs / 10n ** BigInt(fraction.length);
}

function formatDuration(ns: bigint): string {
  const abs = ns < 0n ? -ns : ns;
  if (abs < SECOND_NS) return formatGoDurationNs(ns);
  let rest = abs;
  let out = ns < 0n ? "-" : "";
  for (const unit of PRINTED_UNITS) {
    const unitNs = UNIT_NS.get(unit) ?? 1n;
    if (rest >= unitNs) out += `${rest / unitNs}${unit}`;
    rest %= unitNs;
  }
  if (rest === 0n) return out;
  const fraction = (rest % SECOND_NS).toString().padStart(9, "0").replace(/0+$/, "");
  return `${out}${rest / SECOND_NS}${fraction === "" ? "" : `.${fraction}`}s`;
}
