/** Types whose texts have a form of their own: web addresses, regular expressions, numbers of bytes. */

import { parseByteSize } from "#lib/format/quantity.ts";
import { ParseFailure } from "../errors.ts";
import { goQuote } from "../text.ts";
import type { FlagType } from "./flag_type.ts";

/** `url`: an absolute URL, kept as it was written. */
export const urlType: FlagType<string> = {
  name: "url",
  parse(text) {
    if (URL.canParse(text)) return text;
    throw new ParseFailure(`${goQuote(text)} is not an absolute URL`);
  },
  format: (value) => value,
  toJson: (value) => value,
};

/** `regex`: the source of a regular expression with the flag `u`; `(?i:…)` stands for other flags. */
export const regexType: FlagType<RegExp> = {
  name: "regex",
  parse(text) {
    try {
      return Object.freeze(new RegExp(text, "u"));
    } catch {
      throw new ParseFailure(`${goQuote(text)} is not a regular expression`);
    }
  },
  format: ({ source }) => source,
  toJson: ({ source }) => source,
  protect(value) {
    // The canonical text has no place for them, so they would be lost over a restart.
    if (/[^u]/.test(value.flags)) {
      throw new TypeError(`Cannot take /${value.source}/${value.flags}: no flag but "u" is kept`);
    }
    return Object.freeze(new RegExp(value.source, "u"));
  },
};

const BINARY_UNITS = ["Ei", "Pi", "Ti", "Gi", "Mi", "Ki"] as const;

/** `bytes-size`: whole bytes from 0 to 2⁵³−1; `64Mi`, `1.5G`, with or without a `B` behind. */
export const bytesSizeType: FlagType<number> = {
  name: "bytes-size",
  parse(text) {
    try {
      // No number of bytes is longer, and long ones take seconds to compute.
      if (text.length > 100) throw new RangeError("too long");
      return parseByteSize(text.replace(/(?<=[0-9kKMGTPEi])B$/, ""));
    } catch (error) {
      const reason = error instanceof RangeError ? "range" : "syntax";
      throw new ParseFailure(
        `${goQuote(text)} is not a whole number of bytes, such as 512, 64Ki or 1.5G`,
        reason,
      );
    }
  },
  /** In the largest binary unit of which it is a whole number. */
  format(value) {
    const at = BINARY_UNITS.findIndex((_, index) => isWholeOf(value, index));
    const unit = BINARY_UNITS[at];
    return unit === undefined ? String(value) : `${value / sizeOf(at)}${unit}`;
  },
  toJson: (value) => value,
};

function sizeOf(index: number): number {
  return 1024 ** (BINARY_UNITS.length - index);
}

function isWholeOf(value: number, index: number): boolean {
  return value > 0 && value % sizeOf(index) === 0;
}
