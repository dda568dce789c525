/** What goes into a set of flags and comes out of it, apart from the class itself: entries, inputs, updates. */

import type { FlagError } from "./errors.ts";
import type { AnyValue, ValueInput } from "./value_contract.ts";

/** Where the value in force comes from. */
export type ValueSource = "default" | "env" | "cli" | "config" | "http";

/** A flag as a set holds it. */
export interface FlagEntry {
  /** Name of the flag. */
  readonly name: string;
  /** Its value. */
  readonly value: AnyValue;
  /** Where the value in force comes from. */
  readonly source: ValueSource;
  /** When the value in force was set, milliseconds since the epoch; `undefined` for the default. */
  readonly sinceMs: number | undefined;
  /** Why the last attempt to set it was refused; `undefined` after a success. */
  readonly error: string | undefined;
}

/** One flag's part of an update. */
export interface FlagChange {
  /** Name of the flag. */
  readonly name: string;
  /** Name of its type. */
  readonly type: string;
  /** The value before. */
  readonly old: unknown;
  /** The value now. */
  readonly new: unknown;
  /** Canonical text before. */
  readonly oldText: string;
  /** Canonical text now. */
  readonly newText: string;
}

/** What an update did. */
export interface FlagUpdate {
  /** Counts the updates of the set, from 1 on. */
  readonly seq: number;
  /** Where the value in force comes from. */
  readonly source: ValueSource;
  /** In the order of the names; sets that changed nothing are not among them. */
  readonly changes: readonly FlagChange[];
  /** Refused inputs, in the order of the names. */
  readonly rejected: readonly FlagError[];
}

/** What to set in one go; a `problem` refuses the flag with that text. */
export type FlagInputs = Iterable<
  readonly [name: string, input: ValueInput<unknown> | { readonly problem: string }]
>;

/** How a set of flags applies several inputs. */
export interface ApplyOptions {
  /** Where the value in force comes from. */
  readonly source: ValueSource;
  /** Whether one refusal refuses all; false by default. */
  readonly atomic?: boolean;
  /** Whether what HTTP set stays in force; false by default. The input counts again after `clearOverride`. */
  readonly keepOverrides?: boolean;
  /**
   * Names, none of the inputs', that the configuration has no more: in the same turn they get back what was in force
   * before it, except where HTTP has set something since. Values that are settled stay.
   */
  readonly removed?: Iterable<string>;
}

/** How a set of flags is made. */
export interface FlagSetOptions {
  /** The time, for `sinceMs`; the system's by default. */
  readonly now?: () => number;
  /** Told of errors that listeners throw; they are counted in any case. */
  readonly onListenerError?: (err: unknown) => void;
}
