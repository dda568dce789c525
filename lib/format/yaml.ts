/**
 * YAML 1.2 (core schema and merge keys) in and out, the only door to the YAML package. Bounded against
 * hostile input; integers that a number cannot hold become bigint, so that they print as they were read.
 */

import {
  CORE_SCHEMA,
  defineMappingTag,
  defineScalarTag,
  dump,
  DUMP_SCHEMA,
  intCoreTag,
  loadAll,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  realMapTag,
  type ScalarTagDefinition,
  type Schema,
  YAMLException,
} from "js-yaml";

/** How YAML is read. */
export interface YamlParseOptions {
  /** Name of the source, quoted in error messages. */
  readonly name?: string;
  /**
   * `object` (default): mappings become plain objects, keys strings; integer-like keys move to the front, as
   * in any object. `map`: mappings become `Map`, which keeps the order and the type of the keys.
   */
  readonly mappings?: "object" | "map";
  /** Aliases in one document, 50 by default. */
  readonly maxAliases?: number;
  /** Nesting of collections, 100 by default. */
  readonly maxDepth?: number;
  /** Nodes of one document with every alias written out, 1,000,000 by default. */
  readonly maxNodes?: number;
}

/** How YAML is printed. */
export interface YamlStringifyOptions {
  /** Whether the dashes of a list stand deeper than its key; false by default, as kubectl prints. */
  readonly indentLists?: boolean;
}

// A string would lose the type, a number the digits.
const bigIntTag = defineScalarTag<number | bigint>(intCoreTag.tagName, {
  implicit: true,
  implicitFirstChars: intCoreTag.implicitFirstChars,
  identify: () => false,
  resolve(source, isExplicit, tagName) {
    const value = intCoreTag.resolve(source, isExplicit, tagName);
    if (value === NOT_RESOLVED || Number.isSafeInteger(value)) return value;
    const magnitude = BigInt(source.replace(/^[+-]/, ""));
    return source.startsWith("-") ? -magnitude : magnitude;
  },
});

const OBJECT_SCHEMA = CORE_SCHEMA.withTags(bigIntTag, mergeTag);
const MAP_SCHEMA = OBJECT_SCHEMA.withTags(realMapTag);
const PRINT_SCHEMA = printSchema();

/**
 * Reads a text with at most one document; an empty text is `null`.
 *
 * @throws {SyntaxError} with line and column: bad syntax, duplicate key, a limit exceeded, an alias to its
 * own parent, an unknown tag, a second document
 */
export function parseYaml(text: string, options: YamlParseOptions = {}): unknown {
  const documents = parseYamlDocuments(text, options);
  if (documents.length > 1) {
    throw new SyntaxError(
      `Cannot parse YAML${quoteName(options)}: ${documents.length} documents where one is expected`,
    );
  }
  return documents[0] ?? null;
}

/**
 * Reads all documents of a text in order; none for an empty text.
 *
 * @throws {SyntaxError} as `parseYaml`
 */
export function parseYamlDocuments(text: string, options: YamlParseOptions = {}): unknown[] {
  return loadYamlDocuments(text, options.mappings === "map" ? MAP_SCHEMA : OBJECT_SCHEMA, options);
}

/** `parseYamlDocuments` with a schema of one's own, for the dialects beside this file. */
export function loadYamlDocuments(
  text: string,
  schema: Schema,
  options: Omit<YamlParseOptions, "mappings"> = {},
): unknown[] {
  const { maxAliases = 50, maxDepth = 100, maxNodes = 1_000_000 } = options;
  let documents: unknown[];
  try {
    // The package counts the document and the leaf as levels too.
    documents = loadAll(text, { schema, maxAliases, maxDepth: maxDepth + 2 });
  } catch (err) {
    if (!(err instanceof YAMLException)) throw err;
    const place = err.mark ? ` at line ${err.mark.line + 1}, column ${err.mark.column + 1}` : "";
    throw new SyntaxError(
      `Cannot parse YAML${quoteName(options)}${place}: ${reasonOf(err, { maxDepth, maxAliases })}`,
      { cause: err },
    );
  }
  // Only aliases can make a cycle or more nodes than the text has characters.
  if (text.includes("*")) {
    for (const document of documents) {
      const nodes = countNodes(document, new Map());
      if (nodes <= maxNodes) continue;
      const state = nodes === Infinity ? "an alias refers to its own parent" : "too many nodes";
      throw new SyntaxError(`Cannot parse YAML${quoteName(options)}: ${state}`);
    }
  }
  return documents;
}

/**
 * Prints a value as one document in block style with a newline at its end. Members that are `undefined` are
 * left out; strings that any YAML version could take for something else are quoted; no anchors.
 *
 * @throws {Error} for what YAML has no form for, such as functions; `undefined` in a list is `null`
 */
export function stringifyYaml(value: unknown, options: YamlStringifyOptions = {}): string {
  return printYaml(value, PRINT_SCHEMA, options);
}

/** `stringifyYaml` with a schema of one's own, for the dialects beside this file. */
export function printYaml(
  value: unknown,
  schema: Schema,
  options: YamlStringifyOptions = {},
): string {
  return dump(value, {
    schema,
    lineWidth: -1,
    noRefs: true,
    seqNoIndent: options.indentLists !== true,
  });
}

function quoteName({ name }: YamlParseOptions): string {
  return name === undefined ? "" : ` ${JSON.stringify(name)}`;
}

/** Nodes below `value` with shared ones counted each time; infinite for a cycle. */
function countNodes(value: unknown, known: Map<object, number>): number {
  if (typeof value !== "object" || value === null) return 1;
  const seen = known.get(value);
  if (seen !== undefined) return seen;
  // Met again before its count is known, it contains itself.
  known.set(value, Infinity);
  let nodes = 1;
  const children = value instanceof Map
    ? [...value.keys(), ...value.values()]
    : Object.values(value);
  for (const child of children) nodes += countNodes(child, known);
  known.set(value, nodes);
  return nodes;
}

function printSchema(): Schema {
  const isInt = (tag: { tagName: string }): tag is ScalarTagDefinition<number> =>
    tag.tagName === intCoreTag.tagName;
  const int = DUMP_SCHEMA.tags.find(isInt) ?? intCoreTag;
  const printedInt = defineScalarTag<unknown>(int.tagName, {
    ...int,
    identify: (value: unknown) => typeof value === "bigint" || int.identify(value),
    represent: (value: unknown) => typeof value === "bigint" ? `${value}` : int.represent(value),
  });
  const printedMap = defineMappingTag(mapTag.tagName, {
    ...mapTag,
    identify: (value: unknown) => value instanceof Map || mapTag.identify(value),
    represent: (value: unknown) => {
      const entries = value instanceof Map ? value : mapTag.represent(value);
      return new Map([...entries].filter(([, member]) => member !== undefined));
    },
  });
  return DUMP_SCHEMA.withTags(printedInt, printedMap);
}

/** The package's reason; its own words for our limits would name other options and numbers. */
function reasonOf({ reason }: YAMLException, limits: Readonly<Record<string, number>>): string {
  if (reason.startsWith("nesting exceeded")) return `nested deeper than ${limits["maxDepth"]}`;
  if (reason.startsWith("aliases exceeded")) return `more than ${limits["maxAliases"]} aliases`;
  return reason;
}
