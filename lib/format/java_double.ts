/** Floating-point numbers that print as Java prints them, so that `1.0` does not become `1`. */

/** A number that was written with a fraction or an exponent. */
export class JavaDouble {
  /** The number itself, infinities and NaN included. */
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** As `Double.toString`: `1.0`, `0.001`, `1.0E7`, `Infinity`, `NaN`. */
  toString(): string {
    return javaDoubleText(this.value);
  }

  /** JSON by way of the usual writer, which knows no `1.0`. */
  toJSON(): number {
    return this.value;
  }
}

/** As Java's `Double.toString` (java.lang.Double): decimal from 10⁻³ to below 10⁷, else with an exponent. */
export function javaDoubleText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}
