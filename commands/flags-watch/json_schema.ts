/**
 * The part of JSON Schema (draft 2020-12) that flags of type `json` can be checked by: type, properties, required,
 * additionalProperties, items, enum, const, bounds, pattern, lengths, anyOf, oneOf, allOf and local references.
 * Any other keyword that would decide something is refused, never ignored.
 */

import { atPointer } from "./json_pointer.ts";

/** Problems of a value, each with where it is; empty when it fits. */
export type JsonSchemaCheck = (value: unknown) => string[];

const ANNOTATIONS = new Set([
  "$schema",
  "$id",
  "$comment",
  "$defs",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "format",
]);
const TYPES = ["null", "boolean", "object", "array", "number", "integer", "string"];
const MAX_DEPTH = 100;
/** Schemas checked for one value; a schema that branches into itself would never end. */
const MAX_STEPS = 10_000;
const MAX_PROBLEMS = 10;

type Keywords = Readonly<Record<string, unknown>>;
/** Where a value is, and how deep the check has gone. */
interface Place {
  readonly path: string;
  readonly depth: number;
  /** Shared by the whole check of a value. */
  readonly budget: { left: number };
}
type Node = (value: unknown, place: Place) => string[];

/**
 * Compiles a schema.
 *
 * @throws {TypeError} for a keyword that is not known or not well formed, and for a reference that leads nowhere
 */
export function compileJsonSchema(schema: unknown): JsonSchemaCheck {
  const compiler = new Compiler(schema);
  const check = compiler.node(schema);
  return (value) =>
    check(value, { path: "", depth: 0, budget: { left: MAX_STEPS } }).slice(0, MAX_PROBLEMS);
}

class Compiler {
  readonly #root: unknown;
  /** References by target, so that a schema may contain itself. */
  readonly #known = new Map<string, { check: Node | undefined }>();

  constructor(root: unknown) {
    this.#root = root;
  }

  node(schema: unknown): Node {
    if (schema === true) return () => [];
    if (schema === false) return (_value, { path }) => [at(path, "nothing is allowed here")];
    const keywords = objectOf(schema, "a schema");
    const checks = Object.entries(keywords).flatMap(([keyword, given]) =>
      ANNOTATIONS.has(keyword) ? [] : [this.#keyword(keyword, given, keywords)]
    );
    // Definitions that nothing refers to must be well formed all the same.
    if (keywords["$defs"] !== undefined) {
      Object.values(objectOf(keywords["$defs"], "$defs")).forEach((one) => this.node(one));
    }
    return (value, { path, depth, budget }) => {
      if (depth > MAX_DEPTH) return [at(path, `deeper than ${MAX_DEPTH} levels`)];
      budget.left -= 1;
      if (budget.left < 0) return [at(path, "the schema takes too long to check")];
      return checks.flatMap((check) => check(value, { path, depth: depth + 1, budget }));
    };
  }

  #keyword(keyword: string, given: unknown, all: Keywords): Node {
    switch (keyword) {
      case "$ref":
        return this.#reference(given);
      case "type":
        return typeCheck(given);
      case "properties":
        return this.#properties(objectOf(given, keyword));
      case "additionalProperties":
        return this.#additional(given, all);
      case "required": {
        const names = textsOf(given, keyword);
        return onObject((object) =>
          names.filter((name) => !Object.hasOwn(object, name)).map((name) => `${name} is missing`)
        );
      }
      case "items": {
        const check = this.node(given);
        return (value, place) =>
          !Array.isArray(value)
            ? []
            : value.flatMap((item, index) =>
              check(item, { ...place, path: `${place.path}/${index}` })
            );
      }
      case "enum": {
        if (!Array.isArray(given)) throw new TypeError("enum: a list is expected");
        const texts = new Set(given.map(canonical));
        return plain((value) => texts.has(canonical(value)) ? undefined : "is not one of enum");
      }
      case "const": {
        const text = canonical(given);
        return plain((value) => canonical(value) === text ? undefined : `must be ${text}`);
      }
      case "anyOf":
      case "oneOf":
      case "allOf":
        return this.#combination(keyword, given);
      default:
        return leafCheck(keyword, given);
    }
  }

  #reference(given: unknown): Node {
    if (typeof given !== "string" || !/^#(\/|$)/.test(given)) {
      throw new TypeError(`$ref: ${JSON.stringify(given)} is not local`);
    }
    let entry = this.#known.get(given);
    if (entry === undefined) {
      entry = { check: undefined };
      // Noted before it is compiled, for it may lead back here.
      this.#known.set(given, entry);
      entry.check = this.node(this.#find(given));
    }
    const target = entry;
    return (value, place) => target.check?.(value, place) ?? [];
  }

  #find(reference: string): unknown {
    const found = atPointer(this.#root, reference);
    if (found === undefined) throw new TypeError(`$ref: ${reference} leads nowhere`);
    return found;
  }

  #properties(given: Keywords): Node {
    const checks = Object.entries(given).map(([name, one]) => [name, this.node(one)] as const);
    return (value, place) =>
      !isObject(value)
        ? []
        : checks.flatMap(([name, check]) =>
          Object.hasOwn(value, name)
            ? check(value[name], { ...place, path: `${place.path}/${name}` })
            : []
        );
  }

  #additional(given: unknown, all: Keywords): Node {
    const check = this.node(given);
    const known = new Set(Object.keys(isObject(all["properties"]) ? all["properties"] : {}));
    return (value, place) =>
      !isObject(value) ? [] : Object.keys(value).filter((name) => !known.has(name)).flatMap(
        (name) => check(value[name], { ...place, path: `${place.path}/${name}` }),
      );
  }

  #combination(keyword: "anyOf" | "oneOf" | "allOf", given: unknown): Node {
    if (!Array.isArray(given) || given.length === 0) {
      throw new TypeError(`${keyword}: a list is expected`);
    }
    const checks = given.map((one) => this.node(one));
    if (keyword === "allOf") {
      return (value, place) => checks.flatMap((check) => check(value, place));
    }
    return (value, place) => {
      const fitting = checks.filter((check) => check(value, place).length === 0).length;
      if (keyword === "anyOf" ? fitting > 0 : fitting === 1) return [];
      return [at(place.path, `fits ${fitting} of the ${given.length} schemas of ${keyword}`)];
    };
  }
}

function leafCheck(keyword: string, given: unknown): Node {
  if (keyword === "pattern") {
    if (typeof given !== "string") throw new TypeError("pattern: text is expected");
    const regex = new RegExp(given, "u");
    return plain((value) =>
      typeof value !== "string" || regex.test(value) ? undefined : `must match ${given}`
    );
  }
  if (typeof given !== "number") {
    const isKnown = Object.hasOwn(MEASURES, keyword);
    throw new TypeError(`${keyword}: ${isKnown ? "a number is expected" : "not supported"}`);
  }
  const measure = Object.hasOwn(MEASURES, keyword) ? MEASURES[keyword] : undefined;
  if (measure === undefined) throw new TypeError(`${keyword}: not supported`);
  const [sizeOf, holds, text] = measure;
  return plain((value) => {
    const size = sizeOf(value);
    return size === undefined || holds(size, given) ? undefined : `${text} ${given}`;
  });
}

type Measure = readonly [
  sizeOf: (value: unknown) => number | undefined,
  holds: (size: number, limit: number) => boolean,
  text: string,
];

const numberIn = (value: unknown) => typeof value === "number" ? value : undefined;
const itemsIn = (value: unknown) => Array.isArray(value) ? value.length : undefined;
const charactersIn = (value: unknown) => typeof value === "string" ? [...value].length : undefined;
const atLeast = (size: number, limit: number) => size >= limit;
const atMost = (size: number, limit: number) => size <= limit;

const MEASURES: Readonly<Record<string, Measure>> = {
  minimum: [numberIn, atLeast, "must be at least"],
  maximum: [numberIn, atMost, "must be at most"],
  exclusiveMinimum: [numberIn, (size, limit) => size > limit, "must be above"],
  exclusiveMaximum: [numberIn, (size, limit) => size < limit, "must be below"],
  minItems: [itemsIn, atLeast, "items: at least"],
  maxItems: [itemsIn, atMost, "items: at most"],
  minLength: [charactersIn, atLeast, "characters: at least"],
  maxLength: [charactersIn, atMost, "characters: at most"],
};

function typeCheck(given: unknown): Node {
  const types = typeof given === "string" ? [given] : textsOf(given, "type");
  const unknown = types.find((type) => !TYPES.includes(type));
  if (unknown !== undefined) throw new TypeError(`type: there is no ${JSON.stringify(unknown)}`);
  return plain((value) =>
    types.some((type) => isOfType(value, type)) ? undefined : `must be ${types.join(" or ")}`
  );
}

function isOfType(value: unknown, type: string): boolean {
  if (value === null) return type === "null";
  if (Array.isArray(value)) return type === "array";
  if (typeof value === "number") {
    return type === "number" || type === "integer" && Number.isInteger(value);
  }
  const kind: string = typeof value;
  return kind === type;
}

function plain(check: (value: unknown) => string | undefined): Node {
  return (value, { path }) => {
    const problem = check(value);
    return problem === undefined ? [] : [at(path, problem)];
  };
}

function onObject(check: (object: Keywords) => string[]): Node {
  return (value, { path }) =>
    isObject(value) ? check(value).map((problem) => at(path, problem)) : [];
}

function at(path: string, problem: string): string {
  return path === "" ? problem : `${path}: ${problem}`;
}

function isObject(value: unknown): value is Keywords {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOf(given: unknown, what: string): Keywords {
  if (isObject(given)) return given;
  throw new TypeError(`${what}: an object is expected`);
}

function textsOf(given: unknown, what: string): readonly string[] {
  if (Array.isArray(given) && given.every((item) => typeof item === "string")) return given;
  throw new TypeError(`${what}: texts are expected`);
}

/** A text that equal values share, whatever the order of their members. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value).sort().map((key) =>
    `${JSON.stringify(key)}:${canonical(value[key])}`
  );
  return `{${members.join(",")}}`;
}
