/** Validators that a schema can ask for (flags-watch.md 3). Texts of the first four are those of the library. */

import { Duration } from "#lib/flags/types/duration.ts";
import type { FlagType } from "#lib/flags/types/flag_type.ts";
import {
  type Ordered,
  refusalOf,
  validateMinElements,
  validateRange,
  validateRegex,
  type Validator,
} from "#lib/flags/validators.ts";
import { compileJsonSchema } from "./json_schema.ts";

/** Members of a declaration that make validators. */
export const VALIDATOR_MEMBERS: ReadonlySet<string> = new Set([
  "min",
  "max",
  "exclusiveMin",
  "exclusiveMax",
  "pattern",
  "enum",
  "minLength",
  "maxLength",
  "minElements",
  "maxElements",
  "elementPattern",
  "jsonSchema",
]);

type Check = Validator<unknown>;
type Declaration = Readonly<Record<string, unknown>>;
type Report = (problem: string) => void;

const ORDERED = ["int", "int64", "float", "duration", "bytes-size"];
const TEXTS = ["string", "url"];
const LISTS = ["string-slice", "string-set"];

/** Types each member goes with; all where none are named. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  min: ORDERED,
  max: ORDERED,
  exclusiveMin: ORDERED,
  exclusiveMax: ORDERED,
  pattern: TEXTS,
  minLength: TEXTS,
  maxLength: TEXTS,
  minElements: LISTS,
  maxElements: LISTS,
  elementPattern: LISTS,
  jsonSchema: ["json"],
};

/** The validators of a declaration; what is wrong with them is reported. */
export function validatorsOf(
  declaration: Declaration,
  type: FlagType<unknown>,
  report: Report,
): Check[] {
  const checks: Check[] = [];
  for (const member of VALIDATOR_MEMBERS) {
    const given = declaration[member];
    if (given === undefined) continue;
    const homes = HOMES[member];
    if (homes !== undefined && !homes.includes(type.name)) {
      report(`${member}: it goes with ${homes.join(", ")}`);
      continue;
    }
    // Two bounds are one range, with one text.
    if (member === "max" && declaration["min"] !== undefined) continue;
    try {
      checks.push(validatorOf(member, { given, declaration, type }));
    } catch (err) {
      report(`${member}: ${err instanceof Error ? err.message : err}`);
    }
  }
  return checks;
}

function validatorOf(
  member: string,
  { given, declaration, type }: {
    readonly given: unknown;
    readonly declaration: Declaration;
    readonly type: FlagType<unknown>;
  },
): Check {
  switch (member) {
    case "min":
      if (declaration["max"] === undefined) return bound(boundOf(given, type), "at least");
      return range(boundOf(given, type), boundOf(declaration["max"], type));
    case "max":
      return bound(boundOf(given, type), "at most");
    case "exclusiveMin":
      return bound(boundOf(given, type), "above");
    case "exclusiveMax":
      return bound(boundOf(given, type), "below");
    case "pattern": {
      const check = validateRegex(textOf(given));
      return (value) => check(String(value));
    }
    case "enum":
      return oneOf(given, type);
    case "minLength":
      return length(countOf(given), "at least");
    case "maxLength":
      return length(countOf(given), "at most");
    case "minElements": {
      const check = validateMinElements(countOf(given));
      return (value) => check(value as readonly string[] | ReadonlySet<string>);
    }
    case "maxElements":
      return maxElements(countOf(given));
    case "elementPattern":
      return elements(textOf(given));
    default:
      return jsonSchema(given);
  }
}

function range(min: Ordered, max: Ordered): Check {
  const check = validateRange<Ordered>(min, max);
  if (refusalOf(check, min) !== undefined) throw new RangeError("it is above max");
  return (value) => check(value as Ordered);
}

const WORDS = {
  "at least": (a: bigint | number, b: bigint | number) => a >= b,
  "at most": (a: bigint | number, b: bigint | number) => a <= b,
  "above": (a: bigint | number, b: bigint | number) => a > b,
  "below": (a: bigint | number, b: bigint | number) => a < b,
};

function bound(limit: Ordered, word: keyof typeof WORDS): Check {
  const holds = WORDS[word];
  // NaN compares with nothing, so it is refused.
  return (value) =>
    holds(magnitude(value), magnitude(limit))
      ? undefined
      : `value ${value} must be ${word} ${limit}`;
}

function magnitude(value: unknown): bigint | number {
  if (value instanceof Duration) return value.ns;
  return typeof value === "bigint" ? value : Number(value);
}

function oneOf(given: unknown, type: FlagType<unknown>): Check {
  if (!Array.isArray(given) || given.length === 0) throw new TypeError("a list is expected");
  const texts = given.map((item) => {
    const text = typeof item === "string" ? item : JSON.stringify(item);
    return type.format(type.parse(text));
  });
  return (value) =>
    texts.includes(type.format(value)) ? undefined : `should be one of [${texts.join(" ")}]`;
}

function length(limit: number, word: "at least" | "at most"): Check {
  return (value) => {
    const count = [...String(value)].length;
    if (WORDS[word](count, limit)) return;
    return `value of ${count} characters must have ${word} ${limit}`;
  };
}

function maxElements(limit: number): Check {
  return (value) => {
    const count = listOf(value).length;
    return count <= limit ? undefined : `value of ${count} elements must have at most ${limit}`;
  };
}

function elements(pattern: string): Check {
  const check = validateRegex(pattern);
  return (value) => {
    for (const element of listOf(value)) {
      const refusal = refusalOf(check, element);
      if (refusal !== undefined) return refusal;
    }
  };
}

function jsonSchema(schema: unknown): Check {
  const check = compileJsonSchema(schema);
  return (value) => {
    const problems = check(value);
    return problems.length === 0 ? undefined : problems.join("; ");
  };
}

function listOf(value: unknown): readonly string[] {
  return [...value as Iterable<string>];
}

function boundOf(given: unknown, type: FlagType<unknown>): Ordered {
  if (typeof given !== "string" && typeof given !== "number") {
    throw new TypeError("a number or a text is expected");
  }
  return type.parse(typeof given === "number" ? numberText(given, type) : given) as Ordered;
}

/**
 * A number of the schema as text.
 *
 * @throws {TypeError} for an integer of which digits may be lost already
 */
export function numberText(given: number, { name }: FlagType<unknown>): string {
  if (name !== "int64" || !Number.isInteger(given) || Number.isSafeInteger(given)) {
    return String(given);
  }
  throw new TypeError(`${given} may have been rounded, write it as text`);
}

function countOf(given: unknown): number {
  if (Number.isSafeInteger(given) && Number(given) >= 0) return Number(given);
  throw new TypeError("a whole number is expected");
}

function textOf(given: unknown): string {
  if (typeof given === "string") return given;
  throw new TypeError("text is expected");
}
