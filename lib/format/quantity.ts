/**
 * Kubernetes quantities (`1500m`, `2Gi`, `1e3`) and byte sizes in the same notation. Exact inside:
 * billionths as bigint, the finest step Kubernetes keeps.
 */

const NANO = 1_000_000_000n;
const MAX_BINARY = (2n ** 63n - 1n) * NANO;
// A power of ten beyond this would only burn memory; Kubernetes itself stalls on it.
const MAX_EXPONENT = 1000;

const DECIMAL_SUFFIXES: readonly (readonly [suffix: string, exponent: number])[] = [
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
];
const BINARY_SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const SYNTAX = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d+))$/;

type Notation = "decimal" | "binary" | "exponent";

/** A parsed quantity. */
export interface Quantity {
  /** The amount in base units (cores, bytes), as near as a number can be. */
  readonly value: number;
  /** The amount in billionths of the base unit, exact. */
  readonly nanos: bigint;
  /** The text Kubernetes prints for it: `0.5Gi` → `512Mi`, `1000m` → `1`. */
  readonly canonical: string;
}

/**
 * Reads a quantity. What is finer than a billionth is rounded away from zero; a binary suffix caps at 2⁶³−1,
 * both as Kubernetes does.
 *
 * @throws {SyntaxError} quoting `text` when it is no quantity
 */
export function parseQuantity(text: string): Quantity {
  const match = SYNTAX.exec(text);
  if (match === null || text === "") {
    throw invalid(text, "number with a suffix like m, k or Mi expected");
  }
  const [, sign, whole = "", fraction = "", binary, decimal, exponent] = match;
  const notation = binary !== undefined
    ? "binary"
    : exponent !== undefined
    ? "exponent"
    : "decimal";
  const power = Number(exponent ?? DECIMAL_SUFFIXES.find(([name]) => name === decimal)?.[1] ?? 0);
  if (Math.abs(power) > MAX_EXPONENT) throw invalid(text, "exponent out of range");
  const digits = BigInt(`0${whole}${fraction}`);
  const factor = binary === undefined ? 1n : 1024n ** BigInt(BINARY_SUFFIXES.indexOf(binary));
  let nanos = shift(digits * factor, power + 9 - fraction.length);
  if (notation === "binary" && nanos > MAX_BINARY) nanos = MAX_BINARY;
  if (sign === "-") nanos = -nanos;
  return { value: toNumber(nanos), nanos, canonical: print(nanos, notation) };
}

/**
 * Reads a size in bytes: a whole number, alone or with a quantity's suffix (`512Ki`, `64Mi`, `1G`).
 *
 * @throws {SyntaxError} quoting `text` when it is no quantity
 * @throws {RangeError} when it is negative, no whole number of bytes or beyond the safe integers
 */
export function parseByteSize(text: string): number {
  const { nanos, value } = parseQuantity(text);
  if (nanos >= 0n && nanos % NANO === 0n && Number.isSafeInteger(value)) return value;
  throw new RangeError(
    `Cannot use size ${JSON.stringify(text)}: not a whole number of bytes from 0 to 2^53-1`,
  );
}

/** `value` × 10^places, rounded up to a whole number. */
function shift(value: bigint, places: number): bigint {
  if (places >= 0) return value * 10n ** BigInt(places);
  const divisor = 10n ** BigInt(-places);
  return (value + divisor - 1n) / divisor;
}

function toNumber(nanos: bigint): number {
  return nanos % NANO === 0n ? Number(nanos / NANO) : Number(`${nanos}e-9`);
}

function print(nanos: bigint, notation: Notation): string {
  if (nanos === 0n) return "0";
  const abs = nanos < 0n ? -nanos : nanos;
  if (notation === "binary" && abs >= 1024n * NANO && abs % NANO === 0n) {
    let [amount, step] = [nanos / NANO, 0];
    while (amount % 1024n === 0n && step < BINARY_SUFFIXES.length - 1) {
      amount /= 1024n;
      step += 1;
    }
    return `${amount}${BINARY_SUFFIXES[step]}`;
  }
  const isExponent = notation === "exponent";
  let [amount, power] = [nanos, -9];
  while (amount % 1000n === 0n && (isExponent || power < 18)) {
    amount /= 1000n;
    power += 3;
  }
  if (isExponent) return power === 0 ? `${amount}` : `${amount}e${power}`;
  return `${amount}${DECIMAL_SUFFIXES.find(([, exponent]) => exponent === power)?.[0]}`;
}

function invalid(text: string, state: string): SyntaxError {
  return new SyntaxError(`Cannot parse quantity ${JSON.stringify(text)}: ${state}`);
}
