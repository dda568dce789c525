/** Properties that outrank every application's own (serve-config.md 14.2): a JSON file, the source `overrides`. */

import { parseConfigFile } from "./documents.ts";
import { type PropertySource, SpringError } from "./environment.ts";

/** Reads them as they are now. */
export type ReadOverrides = () => Promise<PropertySource>;

/**
 * Makes the reader of a file, after it was read once.
 *
 * @returns `undefined` when there is no file to read
 * @throws {SpringError} naming the file when it cannot be read or is no JSON object
 */
export async function openOverrides(path: string | undefined): Promise<ReadOverrides | undefined> {
  if (path === undefined) return undefined;
  await readOverrides(path);
  return () => readOverrides(path);
}

async function readOverrides(path: string): Promise<PropertySource> {
  try {
    const bytes = await Deno.readFile(path);
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new SyntaxError("it is no JSON object");
    }
    const [document] = parseConfigFile(bytes, "json", path).documents;
    return { name: "overrides", properties: document?.properties ?? new Map() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SpringError(500, `Cannot read overrides from "${path}": ${reason}`, { cause: error });
  }
}
