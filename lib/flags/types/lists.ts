/** Lists and sets of strings, separated by commas without any quoting. */

import { compareBytes } from "../text.ts";
import type { FlagType } from "./flag_type.ts";

/** `string-slice`: order and repetitions kept. An empty text is a list of one empty element. */
export const stringSliceType: FlagType<readonly string[]> = {
  name: "string-slice",
  parse: (text) => Object.freeze(text.split(",")),
  format: (value) => value.join(","),
  toJson: (value) => [...value],
  protect: (value) => Object.freeze([...value]),
};

/** `string-set`: canonical in the order of the UTF-8 bytes. */
export const stringSetType: FlagType<ReadonlySet<string>> = {
  name: "string-set",
  parse: (text) => new Set(text.split(",")),
  format: (value) => sorted(value).join(","),
  toJson: sorted,
  protect: (value) => new Set(value),
};

function sorted(value: ReadonlySet<string>): string[] {
  return [...value].sort(compareBytes);
}
