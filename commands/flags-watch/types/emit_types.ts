/**
 * `--emit-types=ts`: the values of a schema's flags as a TypeScript type, in the form that JSON shows them in: the
 * file of `--out-file`, the typed routes, the event stream.
 */

import { FLAG_LOG_LEVELS } from "#lib/flags/types/scalars.ts";
import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { FlagEntry } from "#lib/flags/flag_set_contract.ts";
import { isObject } from "../schema.ts";
import { literal, nameOf, pascal, schemaType } from "./schema_types.ts";

/** The declarations, ready to be written to a file. `flags` is declared by `document`. */
export function emitTypes(flags: FlagSet, document: unknown): string {
  const declarations = isObject(document) && isObject(document["flags"]) ? document["flags"] : {};
  const name = `${pascal(flags.name) || ""}Flags`.replace(/^(?=\d)/, "_");
  const more: string[] = [];
  const members = flags.entries().map((entry) => {
    const declaration = declarations[entry.name];
    const { type, declarations: further } = typeOf(
      entry,
      isObject(declaration) ? declaration : {},
      `${name}${pascal(entry.name)}`,
    );
    more.push(...further);
    const note = entry.value.usage === "" ? "" : `  /** ${comment(entry.value.usage)} */\n`;
    return `${note}  readonly ${nameOf(entry.name)}: ${type};\n`;
  });
  const title = flags.name === "" ? "The flags" : `The flags of ${comment(flags.name)}`;
  return [
    "// Written by kcfg flags-watch --emit-types=ts.\n",
    `/** ${title}, as JSON shows them. */\nexport interface ${name} {\n${members.join("")}}\n`,
    ...more.map((declaration) => `${declaration}\n`),
  ].join("\n");
}

function typeOf(
  { value }: FlagEntry,
  declaration: Readonly<Record<string, unknown>>,
  name: string,
): { readonly type: string; readonly declarations: readonly string[] } {
  const plain = (type: string) => ({ type, declarations: [] });
  if (value.isSecret) return plain('"***"');
  switch (value.type.name) {
    case "bool":
      return plain("boolean");
    case "int":
    case "bytes-size":
      return plain("number");
    case "int64":
      // Beyond what a number holds exactly it is text.
      return plain("number | string");
    case "float":
      return plain('number | "NaN" | "+Inf" | "-Inf"');
    case "string-slice":
    case "string-set":
      return plain("readonly string[]");
    case "log-level":
      return plain(FLAG_LOG_LEVELS.map((level) => literal(level)).join(" | "));
    case "enum": {
      const { values } = declaration;
      return plain(Array.isArray(values) ? values.map(literal).join(" | ") : "string");
    }
    case "json":
      return schemaType(declaration["jsonSchema"] ?? widest(declaration), name);
    case "string":
    case "duration":
    case "binary":
    case "url":
    case "regex":
      return plain("string");
  }
}

/** Without a schema of its own a JSON flag is an object or a list, or anything where that is allowed. */
function widest({ allowScalar }: Readonly<Record<string, unknown>>): unknown {
  return allowScalar === true ? true : { type: ["object", "array"] };
}

function comment(text: string): string {
  return text.replaceAll("*/", "*\u200b/").replaceAll(/\s+/g, " ");
}
