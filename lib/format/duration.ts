/**
 * Durations as Go's `time` package reads and prints them (`1h30m`, `250ms`), for options taken over from
 * programs written in Go. Exact inside: whole nanoseconds as bigint. The flag library's own, wider
 * duration syntax is not here.
 */

const NS_PER_MS = 1e6;
const MIN_NS = -(2n ** 63n);
const MAX_NS = 2n ** 63n - 1n;

const UNIT_NS: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["\u00b5s", 1_000n],
  ["\u03bcs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);

/**
 * Reads a duration by the grammar of Go's `time.ParseDuration`, in milliseconds. Fractions of a
 * millisecond are kept as far as a number can hold them (exactly up to 104 days).
 *
 * @throws {SyntaxError} quoting `text`: empty, no unit (but for `0`), unknown unit, beyond 64 bits of nanoseconds
 */
export function parseGoDuration(text: string): number {
  return Number(parseGoDurationNs(text)) / NS_PER_MS;
}

/** Like `parseGoDuration`, in nanoseconds. */
export function parseGoDurationNs(text: string): bigint {
  const isNegative = text.startsWith("-");
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") throw invalid(text, "nothing to read");
  let total = 0n;
  while (rest !== "") {
    const [pair, whole = "", fraction = "", unit = ""] = /^(\d*)(?:\.(\d*))?([^.\d]*)/.exec(rest) ??
      [""];
    if (whole === "" && fraction === "") throw invalid(text, "number expected");
    if (unit === "") throw invalid(text, "missing unit");
    const unitNs = UNIT_NS.get(unit);
    if (unitNs === undefined) throw invalid(text, `unknown unit "${unit}"`);
    total += BigInt(whole) * unitNs + fractionNs(fraction, unitNs);
    rest = rest.slice(pair.length);
  }
  const signed = isNegative ? -total : total;
  if (signed < MIN_NS || signed > MAX_NS) throw invalid(text, "value out of range");
  return signed;
}

/** Prints milliseconds as Go does: `1h30m0s`, `1.5s`, `250ms`, `0s`. Rounds to whole nanoseconds. */
export function formatGoDuration(ms: number): string {
  if (!Number.isFinite(ms)) throw new RangeError(`Cannot format duration: ${ms} is not finite`);
  // In two steps, for the product with 10⁶ leaves the safe integers after 104 days.
  const whole = Math.trunc(ms);
  return formatGoDurationNs(BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6)));
}

/** Prints nanoseconds as Go does. */
export function formatGoDurationNs(ns: bigint): string {
  if (ns === 0n) return "0s";
  const sign = ns < 0n ? "-" : "";
  const abs = ns < 0n ? -ns : ns;
  if (abs < 1_000n) return `${sign}${abs}ns`;
  if (abs < 1_000_000n) return `${sign}${decimal(abs, 3)}\u00b5s`;
  if (abs < 1_000_000_000n) return `${sign}${decimal(abs, 6)}ms`;
  const minutes = abs / 60_000_000_000n;
  const seconds = `${decimal(abs % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return `${sign}${hours === 0n ? "" : `${hours}h`}${minutes % 60n}m${seconds}`;
}

/** compat: Go computes the fraction in floating point and cuts it, so the last nanosecond may be missing. */
function fractionNs(digits: string, unitNs: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    // Further digits have no effect once 63 bits are full.
    if (value > MAX_NS / 10n || next > MAX_NS + 1n) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unitNs) / scale)));
}

/** `value` × 10^-places without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  const whole = digits.slice(0, -places);
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function invalid(text: string, state: string): SyntaxError {
  return new SyntaxError(`Cannot parse duration ${JSON.stringify(text)}: ${state}`);
}
