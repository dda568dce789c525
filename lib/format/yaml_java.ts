/**
 * YAML as Java programs read it, that is SnakeYAML's YAML 1.1: `yes` is a boolean, `010` an octal, `1:30` ninety.
 * Timestamps stay text, as Spring Boot has it. For what must agree with a Spring Cloud Config Server.
 */

import {
  boolYaml11Tag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
  floatYaml11Tag,
  intYaml11Tag,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  realMapTag,
  type Schema,
  timestampTag,
} from "js-yaml";
import { JavaDouble } from "./java_double.ts";
import { loadYamlDocuments, printYaml, type YamlParseOptions } from "./yaml.ts";

const BOOL = /^(?:(yes|Yes|YES|true|True|TRUE|on|On|ON)|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const INT =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** The tags of the dialect. */
export const JAVA_SCHEMA: Schema = FAILSAFE_SCHEMA.withTags(
  nullYaml11Tag,
  defineScalarTag<boolean>(boolYaml11Tag.tagName, {
    implicit: true,
    identify: (value) => typeof value === "boolean",
    resolve(source) {
      const found = BOOL.exec(source);
      return found === null ? NOT_RESOLVED : found[1] !== undefined;
    },
  }),
  integerTag(INT),
  defineScalarTag<JavaDouble>(floatYaml11Tag.tagName, {
    implicit: true,
    identify: (value) => value instanceof JavaDouble,
    represent: (value: JavaDouble) => SPECIAL_FLOATS[String(value)] ?? String(value),
    resolve: (source) => FLOAT.test(source) ? new JavaDouble(javaFloat(source)) : NOT_RESOLVED,
  }),
  mergeTag,
  realMapTag,
);

// Read, a time stays text, and so does `08`; printed, what others take for a time or a number is quoted.
const PRINT_SCHEMA = JAVA_SCHEMA.withTags(
  timestampTag,
  integerTag(new RegExp(`${INT.source}|^[-+]?[0-9]+$`)),
);

function integerTag(form: RegExp) {
  return defineScalarTag<number | bigint>(intYaml11Tag.tagName, {
    implicit: true,
    identify: (value) => typeof value === "bigint" || Number.isInteger(value),
    resolve: (source) => form.test(source) ? javaInteger(source) : NOT_RESOLVED,
  });
}

const SPECIAL_FLOATS: Readonly<Record<string, string>> = {
  Infinity: ".inf",
  "-Infinity": "-.inf",
  NaN: ".nan",
};

/**
 * Reads all documents of a text: mappings as `Map`, floating-point numbers as `JavaDouble`, integers beyond
 * ±(2⁵³−1) as bigint. Limits and errors are those of `parseYamlDocuments`.
 *
 * @throws {SyntaxError} with line and column
 */
export function parseJavaYaml(
  text: string,
  options: Omit<YamlParseOptions, "mappings"> = {},
): unknown[] {
  return loadYamlDocuments(text, JAVA_SCHEMA, options);
}

/** Prints `Map`s and lists of what `parseJavaYaml` gives, in block style; texts are quoted where it needs that. */
export function stringifyJavaYaml(value: unknown): string {
  return printYaml(value, PRINT_SCHEMA);
}

function javaInteger(source: string): number | bigint {
  const isNegative = source.startsWith("-");
  const digits = source.replace(/^[-+]/, "").replaceAll("_", "");
  const magnitude = digits.includes(":") ? BigInt(sexagesimal(digits)) : BigInt(radixForm(digits));
  const value = isNegative ? -magnitude : magnitude;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** `010` is an octal in YAML 1.1, which JavaScript writes `0o10`. */
function radixForm(digits: string): string {
  return /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
}

function javaFloat(source: string): number {
  const sign = source.startsWith("-") ? -1 : 1;
  const digits = source.replace(/^[-+]/, "").replaceAll("_", "").toLowerCase();
  if (digits === ".inf") return sign * Infinity;
  if (digits === ".nan") return NaN;
  return sign * (digits.includes(":") ? sexagesimal(digits) : Number(digits));
}

function sexagesimal(digits: string): number {
  return digits.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
