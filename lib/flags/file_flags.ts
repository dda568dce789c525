/**
 * Companion flags: `<name>_path` names a file whose content becomes the value of `<name>`, read once before the
 * source is (flags-watch, 4.5). For values too long for a command line.
 */

import { FlagError } from "./errors.ts";
import type { FlagSet } from "./flag_set.ts";
import type { FlagType } from "./types/flag_type.ts";
import { DynValue } from "./value.ts";
import type { AnyValue } from "./value_contract.ts";

/** Reads a file; `undefined` when it is not there. `readFile` of a `DirectoryAccess` fits. */
export type FileReader = (path: string) => Promise<Uint8Array | undefined>;

interface CompanionType extends FlagType<string> {
  readonly companionOf: string;
}

/**
 * Declares the companion of a flag; an empty path reads nothing.
 *
 * @throws {TypeError} when the flag is not declared, or the companion's name is taken
 */
export function declareFileFlag(flags: FlagSet, name: string, path: string = ""): DynValue<string> {
  if (!flags.has(name)) {
    throw new TypeError(`Cannot declare flag "${name}_path": flag "${name}" is not declared`);
  }
  const type: CompanionType = {
    name: "string",
    companionOf: name,
    parse: (text) => text,
    // compat: the path itself is neither listed nor part of the checksum.
    format: () => `fileread_for(${name})`,
    toJson: (value) => value,
  };
  const usage = `path of a file to read the value of "${name}" from`;
  return flags.bind(`${name}_path`, new DynValue(type, path, { usage }));
}

/** Whether a value is a companion. */
export function isFileFlag(value: AnyValue): boolean {
  return "companionOf" in value.type;
}

/**
 * Reads the files of all companions and sets their flags, as the command line would.
 *
 * @throws {AggregateError} with one error for each file that cannot be read or is refused; the others are set
 */
export async function readFileFlags(flags: FlagSet, read: FileReader): Promise<void> {
  const errors: FlagError[] = [];
  const lines: string[] = [];
  const refuse = (err: FlagError, shown: string) => {
    errors.push(err);
    lines.push(`flag ${err.flag}: ${shown}`);
  };
  // One after the other, in the order of the names, so that the outcome does not depend on the disk.
  for (const { value } of flags.entries()) {
    const path = value.value;
    if (!isFileFlag(value) || typeof path !== "string" || path === "") continue;
    const name = (value.type as CompanionType).companionOf;
    try {
      const bytes = await read(path);
      if (bytes === undefined) throw new Error(`no such file: ${path}`);
      for (const err of flags.apply([[name, { bytes }]], { source: "cli" }).rejected) {
        // A parser's text may quote the value.
        refuse(err, flags.get(name)?.isSecret === true ? "refused" : err.message);
      }
    } catch (err) {
      const message = err instanceof Error ? err.message : String(err);
      refuse(
        new FlagError(message, { flag: name, raw: path, reason: "syntax", cause: err }),
        message,
      );
    }
  }
  if (errors.length === 0) return;
  throw new AggregateError(
    errors,
    `Cannot read ${errors.length} flags from files: ${lines.join("; ")}`,
  );
}
