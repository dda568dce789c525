/** What goes into a value and comes out of it, apart from the class itself: options, inputs, states, prepared changes. */

import type { FlagError } from "./errors.ts";
import type { ChangeListener } from "./listeners.ts";
import type { FlagType } from "./types/flag_type.ts";
import type { StandardSchema, Validator } from "./validators.ts";

/** How a value is declared beyond its type, default and usage. */
export interface ValueOptions<T> {
  /** Checked before any new value comes into force; the default is not checked. */
  readonly validate?: Validator<T> | StandardSchema;
  /** Called after a change, one call at a time, in order. */
  readonly onChange?: ChangeListener<T>;
  /** Called in the turn of the change, right after it. */
  readonly onChangeSync?: ChangeListener<T>;
  /** Changes a parsed value before it is checked. */
  readonly mutate?: (value: T) => T;
  /** Changes the text before it is parsed; trims white space by default. */
  readonly mutateInput?: (raw: string) => string;
  /** Whether listeners also hear of sets that change nothing; false by default. */
  readonly notifyUnchanged?: boolean;
  /** Whether the value must not be shown; false by default. */
  readonly secret?: boolean;
}

/** A new value: text to parse, bytes of a file, or the value itself. */
export type NewInput<T> =
  | { readonly raw: string }
  | { readonly bytes: Uint8Array }
  | { readonly value: T };

/** What to set: something new, or what was in force before. */
export type ValueInput<T> = NewInput<T> | { readonly restore: ValueState<T> };

/** A value with its canonical text, as it was in force before. */
export interface ValueState<T> {
  /** The value in force. */
  readonly value: T;
  /** Its canonical text. */
  readonly text: string;
}

/** Whether two values of a type are one. Elements may have in them what separates them, so texts alone do not tell. */
export function isSameState<T>(type: FlagType<T>, a: ValueState<T>, b: ValueState<T>): boolean {
  return a.text === b.text && type.isSame?.(a.value, b.value) !== false;
}

/** A change that was parsed and checked but is not in force. */
export interface PreparedChange {
  /** Whether the value will be another. */
  readonly isChange: boolean;
  /** The value that will be in force. */
  readonly value: unknown;
  /** Brings the value into force; nobody is told yet. */
  swap(): void;
  /** Tells the listeners; to be called once, after `swap`. */
  notify(): void;
}

/** A value of any type, for code to which the type does not matter. */
export interface AnyValue {
  /** Syntax and canonical text. */
  readonly type: FlagType<unknown>;
  /** The value in force. */
  readonly value: unknown;
  /** The value before anything is set. */
  readonly default: unknown;
  /** What the value is for. */
  readonly usage: string;
  /** Whether it may change after initialization. */
  readonly isDynamic: boolean;
  /** Whether it must not be shown. */
  readonly isSecret: boolean;
  /** Whether the text differs from the default's. */
  readonly isChanged: boolean;
  /** Canonical text of the default. */
  readonly defaultText: string;
  /** The canonical text. */
  toString(): string;
  /** Sets a text. @throws {FlagError} */
  set(raw: string): void;
  /** Sets a value. @throws {FlagError} */
  setValue(value: unknown): void;
  /** The value in force, to be restored later. */
  state(): ValueState<unknown>;
  /** Parses and checks without setting. @throws {FlagError} */
  prepare(input: ValueInput<unknown>, flag?: string): PreparedChange;
  /** The text an input would give. @throws {FlagError} */
  preview(input: NewInput<unknown>): string;
  /** Called by the set that takes the value in. */
  bound(name: string, owner: ValueOwner): void;
  /** Settles a static value. */
  freeze(): void;
}

/** The set of flags that holds a value under a name. */
export interface ValueOwner {
  /** Where errors of listeners go. */
  readonly report: ListenerErrorReporter;
  /** Asked before the value is set by itself: why the set's rules refuse that; `undefined` when they do not. */
  readonly refusalOf: (next: unknown) => FlagError | undefined;
  /** Told when the value was set by itself rather than through the set; `before` is what was in force. */
  readonly onSet: (before: ValueState<unknown>) => void;
}

/** Where errors of listeners go. */
export type ListenerErrorReporter = (err: unknown) => void;
