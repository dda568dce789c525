/** One flag of a schema: type, default, validators. Reports what is wrong instead of throwing. */

import { trimSpace } from "#lib/flags/text.ts";
import { binaryType } from "#lib/flags/types/binary.ts";
import { durationType } from "#lib/flags/types/duration.ts";
import type { FlagType } from "#lib/flags/types/flag_type.ts";
import { floatType } from "#lib/flags/types/float.ts";
import { int64Type, intType } from "#lib/flags/types/integers.ts";
import { jsonType } from "#lib/flags/types/json.ts";
import { stringSet, stringSlice } from "#lib/flags/types/lists.ts";
import { boolType, enumType, logLevelType, stringType } from "#lib/flags/types/scalars.ts";
import { bytesSizeType, regexType, urlType } from "#lib/flags/types/text_forms.ts";
import { refusalOf } from "#lib/flags/validators.ts";
import { DynValue } from "#lib/flags/value.ts";
import type { AnyValue } from "#lib/flags/value_contract.ts";
import { numberText, VALIDATOR_MEMBERS, validatorsOf } from "./schema_validators.ts";

/** A flag's part of a schema, as parsed. */
export type Declaration = Readonly<Record<string, unknown>>;

/** Told what is wrong. */
export type Report = (problem: string) => void;

const ALIASES: Readonly<Record<string, string>> = {
  "boolean": "bool",
  "float64": "float",
  "double": "float",
  "stringSlice": "string-slice",
  "[]string": "string-slice",
  "stringSet": "string-set",
  "set": "string-set",
  "bytes": "binary",
  "[]byte": "binary",
  "bytesSize": "bytes-size",
};

/** Member → what `typeof` says of it. */
const MEMBERS: Readonly<Record<string, "string" | "boolean">> = {
  type: "string",
  usage: "string",
  static: "boolean",
  secret: "boolean",
  trim: "boolean",
  trimElements: "boolean",
  emptyIsEmpty: "boolean",
  allowScalar: "boolean",
  separator: "string",
  file: "string",
};

const LIST_MEMBERS = ["separator", "trimElements", "emptyIsEmpty"];

/** The flag's value, or `undefined` when something is wrong with it, which has been reported then. */
export function declareFlag(declaration: Declaration, report: Report): AnyValue | undefined {
  let isSound = true;
  const fail: Report = (problem) => {
    isSound = false;
    report(problem);
  };
  const type = typeOf(declaration, fail);
  if (type === undefined) return undefined;
  checkMembers(declaration, type, fail);
  const isTrimmed = declaration["trim"] !== false;
  // The parser's and the check's texts quote the value.
  const isSecret = declaration["secret"] === true;
  const failDefault = (text: string) => fail(`default: ${isSecret ? "refused" : text}`);
  const value = defaultOf(declaration, type, { isTrimmed, report: failDefault });
  const validators = validatorsOf(declaration, type, fail);
  if (!isSound || value === undefined) return undefined;
  for (const validator of validators) {
    const refusal = refusalOf(validator, value.default);
    if (refusal !== undefined) failDefault(refusal);
  }
  if (!isSound) return undefined;
  const flag = new DynValue<unknown>(type, value.default, {
    usage: usageOf(declaration),
    isDynamic: declaration["static"] !== true,
    secret: isSecret,
    defaultText: value.text,
    ...(isTrimmed ? {} : { mutateInput: (raw: string) => raw }),
  });
  for (const validator of validators) flag.withValidator(validator);
  return flag;
}

function typeOf(declaration: Declaration, report: Report): FlagType<unknown> | undefined {
  const { type: given, values } = declaration;
  if (typeof given !== "string") {
    report("type: text is expected");
    return undefined;
  }
  const name = Object.hasOwn(ALIASES, given) ? ALIASES[given] : given;
  const syntax = {
    separator: typeof declaration["separator"] === "string" ? declaration["separator"] : ",",
    trimElements: declaration["trimElements"] === true,
    emptyIsEmpty: declaration["emptyIsEmpty"] === true,
  };
  // A type reads and prints its own values only, and gets no others.
  const any = <T>(type: FlagType<T>) => type as FlagType<unknown>;
  switch (name) {
    case "bool":
      return any(boolType);
    case "int":
      return any(intType);
    case "int64":
      return any(int64Type);
    case "float":
      return any(floatType);
    case "string":
      return any(stringType);
    case "duration":
      return any(durationType);
    case "string-slice":
      return any(stringSlice(syntax));
    case "string-set":
      return any(stringSet(syntax));
    case "json":
      return any(jsonType({ allowScalar: declaration["allowScalar"] === true }));
    case "binary":
      return any(binaryType);
    case "log-level":
      return any(logLevelType);
    case "url":
      return any(urlType);
    case "regex":
      return any(regexType);
    case "bytes-size":
      return any(bytesSizeType);
    case "enum":
      if (isTextList(values) && values.length > 0) return any(enumType(values));
      report("values: a list of texts is expected");
      return undefined;
    default:
      report(`type: there is no type ${JSON.stringify(given)}`);
      return undefined;
  }
}

function checkMembers(declaration: Declaration, { name }: FlagType<unknown>, report: Report): void {
  for (const [member, value] of Object.entries(declaration)) {
    if (member === "default" || VALIDATOR_MEMBERS.has(member)) continue;
    if (member === "values" && name === "enum") continue;
    if (member === "deprecated") {
      if (typeof value !== "boolean" && typeof value !== "string") {
        report("deprecated: true or text is expected");
      }
      continue;
    }
    const kind = Object.hasOwn(MEMBERS, member) ? MEMBERS[member] : undefined;
    const found: string = typeof value;
    if (kind === undefined) report(`${member}: no such member`);
    else if (found !== kind) report(`${member}: ${kind} is expected`);
    else if (LIST_MEMBERS.includes(member) && !name.startsWith("string-s")) {
      report(`${member}: it goes with lists`);
    } else if (member === "allowScalar" && name !== "json") {
      report(`${member}: it goes with type json`);
    } else if (member === "separator" && value === "") report("separator: it is empty");
  }
}

/** The default as a value, from the JSON value of the natural kind or from raw text. */
function defaultOf(
  declaration: Declaration,
  type: FlagType<unknown>,
  { isTrimmed, report }: { readonly isTrimmed: boolean; readonly report: Report },
): { readonly default: unknown; readonly text: string | undefined } | undefined {
  const given = declaration["default"] ?? initialOf(declaration, type);
  try {
    const value = naturalOf(given, type, (text) => type.parse(isTrimmed ? trimSpace(text) : text));
    return { default: value, text: undefined };
  } catch (err) {
    report(err instanceof Error ? err.message : String(err));
    return undefined;
  }
}

function initialOf(declaration: Declaration, type: FlagType<unknown>): unknown {
  switch (type.name) {
    case "bool":
      return false;
    case "int":
    case "int64":
    case "float":
    case "bytes-size":
      return 0;
    case "string-slice":
    case "string-set":
      return [];
    case "json":
      return {};
    case "log-level":
      return "info";
    case "enum":
      return Array.isArray(declaration["values"]) ? declaration["values"][0] : "";
    default:
      return "";
  }
}

function naturalOf(
  given: unknown,
  type: FlagType<unknown>,
  parse: (text: string) => unknown,
): unknown {
  switch (type.name) {
    case "bool":
      if (typeof given === "boolean") return given;
      break;
    case "int":
    case "int64":
    case "float":
    case "bytes-size":
      // The text of a number is in the syntax of every numeric type that can hold it.
      if (typeof given === "number") return parse(numberText(given, type));
      break;
    case "string-slice":
      if (isTextList(given)) return given;
      break;
    case "string-set":
      if (isTextList(given)) return new Set(given);
      break;
    case "json":
      // Text is the document itself, as in a file; the type says whether a scalar may be one.
      if (given !== null && typeof given !== "string") return parse(JSON.stringify(given));
      break;
  }
  if (typeof given === "string") return parse(given);
  throw new TypeError(`no value of type ${type.name}`);
}

function usageOf({ usage = "", deprecated = false }: Declaration): string {
  if (deprecated === false || deprecated === "") return String(usage);
  const note = deprecated === true ? "(deprecated)" : `(deprecated: ${deprecated})`;
  return usage === "" ? note : `${usage} ${note}`;
}

/** Whether a parsed value is a list of texts. */
export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
