/** The listing of a set of flags as JSON, byte for byte that of the reference (flags-watch, 7.1). */

import type { FlagSet } from "./flag_set.ts";
import type { FlagEntry } from "./flag_set_contract.ts";
import { escapeHtml } from "./types/json.ts";

/** One flag of a listing, in the order of its members on the wire. */
export interface ListedFlag {
  /** Name of the flag. */
  readonly name: string;
  /** Its usage. */
  readonly description: string;
  /** Canonical text; JSON indented by two spaces. */
  readonly current_value: string;
  /** The same of the default. */
  readonly default_value: string;
  /** Whether the two texts differ. */
  readonly is_changed: boolean;
  /** Whether it may change. */
  readonly is_dynamic: boolean;
  /** Whether it is a JSON flag. */
  readonly is_json: boolean;
}

/** A listing, in the order of its members on the wire. */
export interface Listing {
  /** Over all static flags. */
  readonly checksum_static: string;
  /** Over all dynamic flags. */
  readonly checksum_dynamic: string;
  /** Path of the route that sets; empty when it is off. */
  readonly set_url: string;
  /** `null` when the filters leave none. */
  readonly flags: readonly ListedFlag[] | null;
}

/** Which flags a listing keeps. */
export interface ListingFilter {
  /** Whether flags with the text of their default are left out. */
  readonly onlyChanged?: boolean;
  /** The only kind that is kept. */
  readonly type?: "dynamic" | "static" | undefined;
}

const HIDDEN = "***";

/** Lists flags in the order of their names; values of secret ones are `***`. Checksums ignore the filter. */
export function listingOf(
  flags: FlagSet,
  { setUrl, onlyChanged = false, type }: ListingFilter & { readonly setUrl: string },
): Listing {
  const kept = flags.entries().filter(({ value }) => {
    if (onlyChanged && !value.isChanged) return false;
    return type === undefined || value.isDynamic === (type === "dynamic");
  });
  return {
    checksum_static: flags.checksum(({ value }) => !value.isDynamic),
    checksum_dynamic: flags.checksum(({ value }) => value.isDynamic),
    set_url: setUrl,
    flags: kept.length === 0 ? null : kept.map(listed),
  };
}

/** The listing's text: indented by two spaces, safe inside HTML, no newline at its end. */
export function formatListing(listing: Listing): string {
  return escapeHtml(JSON.stringify(listing, null, 2));
}

/** A listing with its text. */
export interface FormattedListing {
  /** The listing. */
  readonly listing: Listing;
  /** Its JSON. */
  readonly text: string;
}

/** Keeps the listings of a set until something in it changes; there are six filters at most. */
export class ListingCache {
  #flags: FlagSet | undefined;
  #revision = -1;
  readonly #known = new Map<string, FormattedListing>();

  /** The listing of `flags` now. */
  get(flags: FlagSet, filter: ListingFilter & { readonly setUrl: string }): FormattedListing {
    if (flags !== this.#flags || flags.revision !== this.#revision) {
      this.#known.clear();
      this.#flags = flags;
      this.#revision = flags.revision;
    }
    const key = JSON.stringify([filter.setUrl, filter.onlyChanged, filter.type]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const listing = listingOf(flags, filter);
    const made = { listing, text: formatListing(listing) };
    this.#known.set(key, made);
    return made;
  }
}

/** Lays compact JSON out by two spaces a level, leaving every literal as it is written. */
export function indentJson(compact: string): string {
  let out = "";
  let level = 0;
  const newLine = () => `\n${"  ".repeat(level)}`;
  for (const [token] of compact.matchAll(/"(?:[^"\\]|\\.)*"|\{\}|\[\]|[{}[\],:]|[^"{}[\],:]+/g)) {
    if (token === "{" || token === "[") {
      level += 1;
      out += token + newLine();
    } else if (token === "}" || token === "]") {
      level -= 1;
      out += newLine() + token;
    } else if (token === ",") {
      out += token + newLine();
    } else {
      out += token === ":" ? ": " : token;
    }
  }
  return out;
}

function listed({ name, value }: FlagEntry): ListedFlag {
  const isJson = value.type.name === "json";
  const show = (text: string) => value.isSecret ? HIDDEN : isJson ? indentJson(text) : text;
  return {
    name,
    description: value.usage,
    current_value: show(value.toString()),
    default_value: show(value.defaultText),
    is_changed: value.isChanged,
    is_dynamic: value.isDynamic,
    is_json: isJson,
  };
}
