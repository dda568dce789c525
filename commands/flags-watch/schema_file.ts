/** Reads the schema from where the options say and parses it by its name. */

import { UsageError } from "#lib/cli/usage_error.ts";

/** Greatest size of a schema. */
const MAX_SCHEMA_CHARS = 16 * 1024 * 1024;

/** Where schemas come from; the real ones in `mod.ts`. */
export interface SchemaReaders {
  readonly readFile: (path: string) => Promise<Uint8Array | undefined>;
  /** All of stdin. */
  readonly readStdin: () => Promise<string>;
}

/**
 * The parsed document in a file, or on stdin for `-`.
 *
 * @throws {UsageError} when it is not there or has a syntax error
 */
export async function readSchemaFile(
  path: string,
  { readFile, readStdin }: SchemaReaders,
): Promise<unknown> {
  let text: string;
  try {
    if (path === "-") text = await readStdin();
    else {
      const bytes = await readFile(path);
      if (bytes === undefined) throw new Error("no such file");
      text = new TextDecoder().decode(bytes);
    }
  } catch (err) {
    throw new UsageError(`Cannot read schema "${path}": ${reasonOf(err)}`, [], { cause: err });
  }
  return await parseSchema(text, path);
}

/**
 * Parses a schema by the ending of `name`: YAML, TOML or JSON; without an ending (stdin, keys) JSON when it begins
 * like an object, else YAML.
 *
 * @throws {UsageError}
 */
export async function parseSchema(text: string, name: string): Promise<unknown> {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  if (text.length > MAX_SCHEMA_CHARS) throw new UsageError(`Schema "${name}": it is too long`);
  const isYaml = ending === "yaml" || ending === "yml" ||
    ending !== "json" && !text.trimStart().startsWith("{");
  try {
    // Loaded here, so that a schema in JSON pays for neither of the others.
    if (ending === "toml") return (await import("#lib/format/toml.ts")).parseToml(text);
    if (!isYaml) return JSON.parse(text);
    const { parseYaml } = await import("#lib/format/yaml.ts");
    return parseYaml(text);
  } catch (err) {
    throw new UsageError(`Schema "${name}": ${reasonOf(err)}`, [], { cause: err });
  }
}

function reasonOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
