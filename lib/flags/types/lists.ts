/** Lists and sets of strings, separated by commas (or a text of one's own) without any quoting. */

import { compareBytes, trimSpace } from "../text.ts";
import type { FlagType } from "./flag_type.ts";

/** How the text of a list is cut. */
export interface ListSyntax {
  /** Between two elements, `,` by default; canonical texts have a comma in any case. */
  readonly separator?: string;
  /** Whether white space around elements is dropped; false by default. */
  readonly trimElements?: boolean;
  /** Whether an empty text is an empty list; by default it is a list of one empty element. */
  readonly emptyIsEmpty?: boolean;
}

/** `string-slice` in a syntax: order and repetitions kept. */
export function stringSlice(syntax: ListSyntax = {}): FlagType<readonly string[]> {
  return {
    name: "string-slice",
    parse: (text) => Object.freeze(split(text, syntax)),
    format: (value) => value.join(","),
    toJson: (value) => [...value],
    protect: (value) => Object.freeze([...value]),
    isSame: (a, b) => a.length === b.length && a.every((element, at) => element === b[at]),
  };
}

/** `string-set` in a syntax: canonical in the order of the UTF-8 bytes. */
export function stringSet(syntax: ListSyntax = {}): FlagType<ReadonlySet<string>> {
  return {
    name: "string-set",
    parse: (text) => new Set(split(text, syntax)),
    format: (value) => sorted(value).join(","),
    toJson: sorted,
    protect: (value) => new Set(value),
    isSame: (a, b) => a.size === b.size && [...a].every((element) => b.has(element)),
  };
}

/** `string-slice` as the reference cuts it. */
export const stringSliceType: FlagType<readonly string[]> = stringSlice();

/** `string-set` as the reference cuts it. */
export const stringSetType: FlagType<ReadonlySet<string>> = stringSet();

function split(
  text: string,
  { separator = ",", trimElements = false, emptyIsEmpty = false }: ListSyntax,
): string[] {
  if (emptyIsEmpty && text === "") return [];
  const elements = text.split(separator);
  return trimElements ? elements.map(trimSpace) : elements;
}

function sorted(value: ReadonlySet<string>): string[] {
  return [...value].sort(compareBytes);
}
