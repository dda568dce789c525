/** A configuration file as its documents, and which of them count for a request. */

import { parseProperties } from "#lib/format/properties.ts";
import { parseJavaYaml } from "#lib/format/yaml_java.ts";
import { profilesMatch } from "./profile_expression.ts";
import { flatten, type Properties, propertyText } from "./properties.ts";

/** Endings of configuration files, the strongest first. */
export const EXTENSIONS = ["properties", "yml", "yaml", "json"] as const;

/** An ending of configuration files. */
export type Extension = typeof EXTENSIONS[number];

/** A document of a file. */
export interface ConfigDocument {
  readonly properties: Properties;
  /** Place in its file, from 0. */
  readonly index: number;
}

/** A file as its documents. */
export interface ConfigFile {
  readonly documents: readonly ConfigDocument[];
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a file. JSON is read as YAML, of which it is a part.
 *
 * @throws {SyntaxError} naming the file when it is malformed or not UTF-8
 */
export function parseConfigFile(bytes: Uint8Array, extension: Extension, name: string): ConfigFile {
  const text = decode(bytes, name);
  const documents = extension === "properties"
    ? propertiesOf(text, name)
    : parseJavaYaml(text, { name }).map(flatten);
  return { documents: documents.map((properties, index) => ({ properties, index })) };
}

function propertiesOf(text: string, name: string): Properties[] {
  try {
    return parseProperties(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`${error.message} of "${name}"`, { cause: error });
  }
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    throw new SyntaxError(`Cannot read "${name}": it is not UTF-8`, { cause: error });
  }
}

/** Old key first: where both are, the new one decides. */
const ACTIVATION_KEYS = ["spring.profiles", "spring.config.activate.on-profile"] as const;

/**
 * Whether a document counts for the profiles: it names none, or one of its expressions holds.
 *
 * @throws {SyntaxError} when an expression is malformed
 */
export function isActive({ properties }: ConfigDocument, profiles: ReadonlySet<string>): boolean {
  const expressions = ACTIVATION_KEYS.map((key) => expressionsOf(properties, key))
    .findLast((found) => found.length > 0);
  return expressions === undefined ||
    expressions.some((expression) => profilesMatch(expression, profiles));
}

function expressionsOf(properties: Properties, key: string): string[] {
  const listed = [...properties].filter(([name]) => name === key || name.startsWith(`${key}[`));
  return listed.flatMap(([, value]) => propertyText(value).split(","))
    .map((expression) => expression.trim()).filter((expression) => expression !== "");
}
