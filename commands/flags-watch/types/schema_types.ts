/** JSON Schema as a TypeScript type, for the part of it that `json_schema.ts` checks by. */

import { atPointer } from "../json_pointer.ts";
import { isObject } from "../schema.ts";

type Keywords = Readonly<Record<string, unknown>>;

const TYPES: Readonly<Record<string, string>> = {
  null: "null",
  boolean: "boolean",
  number: "number",
  integer: "number",
  string: "string",
};
const NAME = /^[A-Za-z_$][\w$]*$/;

/** A schema's type, and the names of its definitions that others refer to. */
export interface SchemaType {
  readonly type: string;
  /** Further declarations, one a definition that the type mentions. */
  readonly declarations: readonly string[];
}

/** The type of what a well-formed schema accepts; wider where TypeScript has no word for a keyword. */
export function schemaType(schema: unknown, name: string): SchemaType {
  const writer = new Writer(schema, name);
  const type = writer.typeOf(schema);
  return { type, declarations: writer.declarations };
}

class Writer {
  readonly #root: unknown;
  readonly #name: string;
  /** Declared type by reference; the text is there once it is whole. */
  readonly #known = new Map<string, { readonly name: string; text: string }>();

  constructor(root: unknown, name: string) {
    this.#root = root;
    this.#name = name;
  }

  get declarations(): readonly string[] {
    return [...this.#known.values()].map(({ name, text }) => `export type ${name} = ${text};`);
  }

  typeOf(schema: unknown): string {
    if (schema === false) return "never";
    if (!isObject(schema)) return "unknown";
    const parts = [
      ...this.#alternatives(schema["anyOf"] ?? schema["oneOf"]),
      ...(Array.isArray(schema["allOf"]) ? schema["allOf"].map((one) => this.#inner(one)) : []),
      ...(typeof schema["$ref"] === "string" ? [this.#reference(schema["$ref"])] : []),
      ...this.#own(schema),
    ];
    return parts.length === 0 ? "unknown" : [...new Set(parts)].join(" & ");
  }

  #alternatives(given: unknown): string[] {
    if (!Array.isArray(given)) return [];
    return [`(${[...new Set(given.map((one) => this.typeOf(one)))].join(" | ")})`];
  }

  /** What the schema says by itself. */
  #own(schema: Keywords): string[] {
    if ("const" in schema) return [literal(schema["const"])];
    if (Array.isArray(schema["enum"])) return [`(${schema["enum"].map(literal).join(" | ")})`];
    const given = schema["type"] ?? ("properties" in schema ? "object" : undefined);
    if (given === undefined) return [];
    const types = (Array.isArray(given) ? given : [given]).map((type) =>
      type === "object"
        ? this.#object(schema)
        : type === "array"
        ? this.#array(schema)
        : TYPES[String(type)] ?? "unknown"
    );
    return types.length === 1 ? types : [`(${types.join(" | ")})`];
  }

  #array(schema: Keywords): string {
    return `readonly ${this.#inner(schema["items"] ?? true)}[]`;
  }

  #object(schema: Keywords): string {
    const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    const members = Object.entries(properties).map(([key, one]) =>
      `readonly ${nameOf(key)}${required.includes(key) ? "" : "?"}: ${this.typeOf(one)}`
    );
    for (const key of required.filter((one) => !Object.hasOwn(properties, one))) {
      members.push(`readonly ${nameOf(key)}: unknown`);
    }
    const rest = schema["additionalProperties"] ?? true;
    // Others may be of another type than those that are named, so with names any.
    if (rest !== false) {
      members.push(
        `readonly [name: string]: ${members.length > 0 ? "unknown" : this.typeOf(rest)}`,
      );
    }
    return members.length === 0 ? "Record<string, never>" : `{ ${members.join("; ")} }`;
  }

  /** As part of a larger type. */
  #inner(schema: unknown): string {
    const type = this.typeOf(schema);
    return /^[\w$]+$/.test(type) || /^\([^()]*\)$/.test(type) ? type : `(${type})`;
  }

  #reference(pointer: string): string {
    const known = this.#known.get(pointer);
    if (known !== undefined) return known.name;
    const last = pointer.slice(pointer.lastIndexOf("/") + 1);
    const entry = { name: `${this.#name}${pascal(last) || "Root"}`, text: "unknown" };
    // Noted before it is written, for it may lead back here.
    this.#known.set(pointer, entry);
    entry.text = this.typeOf(atPointer(this.#root, pointer));
    return entry.name;
  }
}

/** A text as a part of a type's name: `rate_limit` → `RateLimit`. */
export function pascal(text: string): string {
  return text.split(/[^A-Za-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** A name as a member of a type. */
export function nameOf(key: string): string {
  return NAME.test(key) ? key : JSON.stringify(key);
}

/** A value as a type. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `readonly [${value.map(literal).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, one]) =>
    `readonly ${nameOf(key)}: ${literal(one)}`
  );
  return `{ ${members.join("; ")} }`;
}
