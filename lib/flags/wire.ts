/** Flags and updates as the typed JSON of routes, streams and hooks (flags-watch, 7.4, 7.5, 8.1). */

import type { FlagSet } from "./flag_set.ts";
import type { FlagEntry, FlagUpdate, ValueSource } from "./flag_set_contract.ts";

const HIDDEN = "***";

/** A flag with all that is known about it, in the order of its members on the wire. */
export interface FlagBody {
  /** Name of the flag. */
  readonly name: string;
  /** Name of its type. */
  readonly type: string;
  /** Typed value in force. */
  readonly value: unknown;
  /** Canonical text. */
  readonly string: string;
  /** Canonical text of the default. */
  readonly default: string;
  /** Whether the two texts differ. */
  readonly changed: boolean;
  /** Whether it may change. */
  readonly dynamic: boolean;
  /** Where the value comes from. */
  readonly source: ValueSource;
  /** RFC 3339; `null` for the default. */
  readonly since: string | null;
  /** Why the last attempt was refused. */
  readonly error: string | null;
}

/** All flags of a set, in the order of its members on the wire. */
export interface FlagSetBody {
  /** Updates so far. */
  readonly seq: number;
  /** Name of the set. */
  readonly set: string;
  /** Over all flags. */
  readonly checksum: string;
  /** Typed values by name. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** One changed flag. */
export interface ChangeBody {
  /** Number of the update. */
  readonly seq: number;
  /** Name of the flag. */
  readonly name: string;
  /** Name of its type. */
  readonly type: string;
  /** Typed value before. */
  readonly old: unknown;
  /** Typed value now. */
  readonly new: unknown;
  /** Canonical text before. */
  readonly oldString: string;
  /** Canonical text now. */
  readonly newString: string;
  /** Who set it. */
  readonly source: ValueSource;
  /** RFC 3339. */
  readonly ts: string;
}

/** An update in short. */
export interface UpdateBody {
  /** Number of the update. */
  readonly seq: number;
  /** Names of the changed flags, in order. */
  readonly changed: readonly string[];
  /** Refused flags, in order. */
  readonly rejected: readonly { readonly name: string; readonly error: string }[];
  /** Over all flags, after the update. */
  readonly checksum: string;
}

/** A flag's body; secret values are `***`. */
export function flagBody({ name, value, source, sinceMs, error }: FlagEntry): FlagBody {
  const { isSecret } = value;
  return {
    name,
    type: value.type.name,
    value: isSecret ? HIDDEN : value.type.toJson(value.value),
    string: isSecret ? HIDDEN : value.toString(),
    default: isSecret ? HIDDEN : value.defaultText,
    changed: value.isChanged,
    dynamic: value.isDynamic,
    source,
    since: sinceMs === undefined ? null : timestamp(sinceMs),
    // A parser's text may quote the value.
    error: error === undefined ? null : isSecret ? "refused" : error,
  };
}

/** The body of a whole set; secret values are `***`. */
export function flagSetBody(flags: FlagSet): FlagSetBody {
  const values = flags.entries().map(({ name, value }) => [
    name,
    value.isSecret ? HIDDEN : value.type.toJson(value.value),
  ]);
  return {
    seq: flags.seq,
    set: flags.name,
    checksum: flags.checksum(),
    flags: Object.fromEntries(values),
  };
}

/** The bodies of an update's changes; secret values are `***`. */
export function changeBodies(flags: FlagSet, update: FlagUpdate, nowMs: number): ChangeBody[] {
  return update.changes.map(({ name, type, old, new: now, oldText, newText }) => {
    const value = flags.get(name);
    const show = (shown: unknown) => value?.isSecret === false ? value.type.toJson(shown) : HIDDEN;
    const showText = (text: string) => value?.isSecret === false ? text : HIDDEN;
    return {
      seq: update.seq,
      name,
      type,
      old: show(old),
      new: show(now),
      oldString: showText(oldText),
      newString: showText(newText),
      source: update.source,
      ts: timestamp(nowMs),
    };
  });
}

/** An update's body; refusals of secret flags do not tell why. */
export function updateBody(flags: FlagSet, update: FlagUpdate): UpdateBody {
  return {
    seq: update.seq,
    changed: update.changes.map(({ name }) => name),
    rejected: update.rejected.map(({ flag, message }) => ({
      name: flag,
      error: flags.get(flag)?.isSecret === true ? "refused" : message,
    })),
    checksum: flags.checksum(),
  };
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
