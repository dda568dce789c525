/** Checks on values before they come into force. Their texts are shown to whoever set the flag. */

import { formatGoDurationNs } from "#lib/format/duration.ts";
import { compareBytes } from "./text.ts";
import { Duration } from "./types/duration.ts";
import { formatFloat } from "./types/float.ts";

/** Says no by throwing, or by returning a text or an error; anything else is yes. */
export type Validator<T> = (value: T) => string | Error | void;

/** The part of a Standard Schema object (zod, valibot, arktype…) that is used here. */
export interface StandardSchema {
  /** The standard's own member. */
  readonly "~standard": {
    readonly version: 1;
    validate(value: unknown): StandardResult | Promise<StandardResult>;
  };
}

/** What a Standard Schema's `validate` answers. */
export interface StandardResult {
  /** Why the value is refused; absent when it is accepted. */
  readonly issues?:
    | readonly {
      readonly message: string;
      readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
    }[]
    | undefined;
}

/** Kinds of values that have an order: numbers, durations, strings by their bytes. */
export type Ordered = number | bigint | string | Duration;

/** The whole type of a literal, so that a range of literals fits a flag. */
export type Widened<T> = T extends number ? number : T extends bigint ? bigint
: T extends string ? string
: T;

/** Accepts values from `min` to `max`, both included. NaN is in no range. */
export function validateRange<T extends Ordered>(min: T, max: T): Validator<Widened<T>> {
  return (value: Ordered) => {
    if (compare(value, min) >= 0 && compare(value, max) <= 0) return;
    return `value ${print(value)} not in [${print(min)}, ${print(max)}] range`;
  };
}

/** Accepts texts in which `pattern` is found anywhere; anchor it to match the whole. */
export function validateRegex(pattern: RegExp | string): Validator<string> {
  const source = typeof pattern === "string" ? pattern : pattern.source;
  // Without the flags that make a pattern remember where it stopped.
  const flags = typeof pattern === "string" ? "u" : pattern.flags.replace(/[gy]/g, "");
  const regex = new RegExp(source, flags);
  return (value) => regex.test(value) ? undefined : `value ${value} must match regex ${source}`;
}

/** Accepts lists and sets of at least `count` elements. */
export function validateMinElements(
  count: number,
): Validator<readonly string[] | ReadonlySet<string>> {
  return (value) => {
    if (value instanceof Set) {
      if (value.size >= count) return;
      const text = [...value].sort(compareBytes).join(",");
      return `value set ${text} must have at least ${count} elements`;
    }
    const list = [...value];
    if (list.length >= count) return;
    return `value slice [${list.join(" ")}] must have at least ${count} elements`;
  };
}

/** Accepts the listed values alone. */
export function validateOneOf<T extends string | number | bigint>(
  ...values: readonly T[]
): Validator<Widened<T>> {
  const accepted: readonly unknown[] = values;
  return (value) =>
    accepted.includes(value) ? undefined : `should be one of [${values.map(print).join(" ")}]`;
}

/** Makes a validator of a function or of a Standard Schema, which must answer at once. */
export function toValidator<T>(check: Validator<T> | StandardSchema): Validator<T> {
  // Some schemas are functions as well, so the property decides.
  if (!("~standard" in check)) return check;
  const schema = check["~standard"];
  return (value) => {
    const result = schema.validate(value);
    if (isLate(result)) return "schema validates asynchronously";
    const texts = result.issues?.map(({ message, path = [] }) => {
      const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
      return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
    });
    return texts?.join("; ");
  };
}

/** Runs a validator; its refusal as a text, `undefined` when it accepts. */
export function refusalOf<T>(validator: Validator<T>, value: T): string | undefined {
  try {
    const answer = validator(value);
    if (isLate(answer)) return "validator answers asynchronously";
    return answer instanceof Error ? answer.message : answer ?? undefined;
  } catch (err) {
    return err instanceof Error ? err.message : String(err);
  }
}

/** Whether an answer is a promise, which comes too late; that it may fail is nobody's concern then. */
function isLate(answer: unknown): answer is Promise<unknown> {
  if (!(answer instanceof Promise)) return false;
  answer.catch(() => undefined);
  return true;
}

function compare(a: Ordered, b: Ordered): number {
  if (typeof a === "string") return compareBytes(a, String(b));
  const [left, right] = [a, b].map((value) => value instanceof Duration ? value.ns : value);
  if (left === undefined || right === undefined) return NaN;
  return left < right ? -1 : left > right ? 1 : left === right ? 0 : NaN;
}

/** compat: durations appear as Go's own type prints them, not in their canonical text. */
function print(value: Ordered): string {
  if (value instanceof Duration) return formatGoDurationNs(value.ns);
  return typeof value === "number" ? formatFloat(value) : String(value);
}
