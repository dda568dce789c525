/**
 * One dynamic value: what it is now, how it changes and who is told. Reading is a property read; everything
 * else happens when it is set. Sets of flags bind values to names (`flag_set.ts`).
 */

import { FlagError, ParseFailure } from "./errors.ts";
import { type ChangeListener, ListenerQueue, type ValueChange } from "./listeners.ts";
import { trimSpace } from "./text.ts";
import type { FlagType } from "./types/flag_type.ts";
import { refusalOf, type StandardSchema, toValidator, type Validator } from "./validators.ts";

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
  readonly value: T;
  readonly text: string;
}

/** A change that was parsed and checked but is not in force. */
export interface PreparedChange {
  /** Whether the canonical text will differ. */
  readonly isChange: boolean;
  /** Brings the value into force; nobody is told yet. */
  swap(): void;
  /** Tells the listeners; to be called once, after `swap`. */
  notify(): void;
}

/** A value of any type, for code to which the type does not matter. */
export interface AnyValue {
  readonly type: FlagType<unknown>;
  readonly value: unknown;
  readonly default: unknown;
  readonly usage: string;
  readonly isDynamic: boolean;
  readonly isSecret: boolean;
  readonly isChanged: boolean;
  readonly defaultText: string;
  toString(): string;
  set(raw: string): void;
  setValue(value: unknown): void;
  state(): ValueState<unknown>;
  prepare(input: ValueInput<unknown>, flag?: string): PreparedChange;
  preview(input: NewInput<unknown>): string;
  bound(name: string, report: ListenerErrorReporter): void;
  freeze(): void;
}

/** Where errors of listeners go. */
export type ListenerErrorReporter = (err: unknown) => void;

/** A value that is read as a function call: `limit()`. */
export interface DynValue<T> {
  /** The value in force. */
  (): T;
}

/** The base that makes a class's objects callable. */
class Callable {
  constructor(read: () => unknown) {
    return Object.setPrototypeOf(read, new.target.prototype);
  }
}

/** A typed value that may change while the program runs. Make one with `flags.int(…)` or `dyn.int(…)`. */
export class DynValue<T> extends Callable {
  readonly type: FlagType<T>;
  readonly default: T;
  readonly usage: string;
  /** False for a value that is settled when initialization ends. */
  readonly isDynamic: boolean;
  readonly isSecret: boolean;

  #value: T;
  /** Canonical text of the value; made when first asked for. */
  #text: string | undefined;
  readonly #defaultText: string | undefined;
  #options: ValueOptions<T>;
  #validators: Validator<T>[] = [];
  #isFrozen = false;
  #names: string[] = [];
  readonly #listeners: ListenerQueue<T>;

  constructor(
    type: FlagType<T>,
    defaultValue: T,
    { usage = "", isDynamic = true, defaultText, ...options }: ValueOptions<T> & {
      readonly usage?: string;
      readonly isDynamic?: boolean;
      /** Text of the default where it is not the canonical one. */
      readonly defaultText?: string | undefined;
    } = {},
  ) {
    super(() => this.#value);
    this.type = type;
    const initial = type.protect?.(defaultValue) ?? defaultValue;
    this.default = initial;
    this.usage = usage;
    this.isDynamic = isDynamic;
    this.isSecret = options.secret === true;
    this.#value = initial;
    this.#text = defaultText;
    this.#defaultText = defaultText;
    this.#options = options;
    this.#listeners = new ListenerQueue();
    if (options.validate !== undefined) this.withValidator(options.validate);
    if (options.onChange !== undefined) this.onChange(options.onChange);
    if (options.onChangeSync !== undefined) this.onChange(options.onChangeSync, { sync: true });
  }

  /** The value in force. Objects are frozen; do not change sets and byte arrays. */
  get value(): T {
    return this.#value;
  }

  /** The value in force. */
  get(): T {
    return this.#value;
  }

  /** Names the value is bound to. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Canonical text of the default. */
  get defaultText(): string {
    return this.#defaultText ?? this.type.format(this.default);
  }

  /** Whether the canonical text differs from that of the default. */
  get isChanged(): boolean {
    return this.toString() !== this.defaultText;
  }

  /** The canonical text. */
  override toString(): string {
    return this.#text ??= this.type.format(this.#value);
  }

  /**
   * Parses, checks and sets a text, then tells the listeners.
   *
   * @throws {FlagError} when it is refused; the old value stays
   */
  set(raw: string): void {
    this.#apply(this.prepare({ raw }));
  }

  /**
   * Checks and sets a value, then tells the listeners.
   *
   * @throws {FlagError} when it is refused; the old value stays
   */
  setValue(value: T): void {
    this.#apply(this.prepare({ value }));
  }

  /**
   * Parses and checks without bringing anything into force; for callers that set several values at once. What is
   * restored was in force before and is not checked again.
   *
   * @throws {FlagError} under the name `flag`, by default the first one the value is bound to
   */
  prepare(input: ValueInput<T>, flag = this.#names[0] ?? ""): PreparedChange {
    if (!this.isDynamic && this.#isFrozen) {
      const raw = "raw" in input ? input.raw : "";
      throw new FlagError("flag is static", { flag, raw, reason: "static" });
    }
    const { value, text } = "restore" in input ? input.restore : this.#read(input, flag);
    const isChange = text !== this.toString();
    let old = this.#value;
    return {
      isChange,
      swap: () => {
        old = this.#value;
        this.#value = value;
        this.#text = text;
      },
      notify: () => {
        if (isChange || this.#options.notifyUnchanged === true) this.#listeners.tell(old, value);
      },
    };
  }

  /**
   * The canonical text that an input would give, without setting it; also of a static value that is settled.
   *
   * @throws {FlagError} when it would be refused
   */
  preview(input: NewInput<T>): string {
    return this.#read(input, this.#names[0] ?? "").text;
  }

  /** The value in force with its text, to be restored later. */
  state(): ValueState<T> {
    return { value: this.#value, text: this.toString() };
  }

  /**
   * Calls `listener` after each change: queued, one call at a time, in order; with `sync` in the turn of the
   * change. Until the returned function is called or `signal` is aborted. What a listener throws is reported and
   * changes nothing.
   */
  onChange(
    listener: ChangeListener<T>,
    options: { readonly sync?: boolean; readonly signal?: AbortSignal } = {},
  ): () => void {
    return this.#listeners.add(listener, options);
  }

  /** The changes from now on, in order; ends when the loop is left. At most 1000 wait, the oldest go first. */
  changes(): AsyncIterableIterator<ValueChange<T>, undefined> {
    return this.#listeners.changes();
  }

  /** Adds a check; all must accept. */
  withValidator(validate: Validator<T> | StandardSchema): this {
    this.#validators.push(toValidator(validate));
    return this;
  }

  /** Adds a queued listener. */
  withNotifier(listener: ChangeListener<T>): this {
    this.onChange(listener);
    return this;
  }

  /** Adds a listener that is called in the turn of the change. */
  withSyncNotifier(listener: ChangeListener<T>): this {
    this.onChange(listener, { sync: true });
    return this;
  }

  /** Replaces the change made to parsed values. */
  withValueMutator(mutate: (value: T) => T): this {
    this.#options = { ...this.#options, mutate };
    return this;
  }

  /** Replaces the change made to texts, which trims them by default. */
  withInputMutator(mutateInput: (raw: string) => string): this {
    this.#options = { ...this.#options, mutateInput };
    return this;
  }

  /** Called by the set of flags that takes the value in. */
  bound(name: string, report: ListenerErrorReporter): void {
    this.#names.push(name);
    this.#listeners.report = report;
  }

  /** From now on a static value refuses to change. */
  freeze(): void {
    this.#isFrozen = true;
  }

  #apply(change: PreparedChange): void {
    change.swap();
    change.notify();
  }

  #read(input: NewInput<T>, flag: string): ValueState<T> {
    const raw = "raw" in input
      ? input.raw
      : "bytes" in input
      ? new TextDecoder().decode(input.bytes)
      : undefined;
    try {
      const parsed = this.#parse(input, raw ?? "");
      const value = this.#options.mutate?.(parsed) ?? parsed;
      const text = this.type.format(value);
      for (const validator of this.#validators) {
        const refusal = refusalOf(validator, value);
        if (refusal === undefined) continue;
        throw new FlagError(refusal, { flag, raw: raw ?? text, reason: "validation" });
      }
      return { value, text };
    } catch (err) {
      if (err instanceof FlagError) throw err;
      const message = err instanceof Error ? err.message : String(err);
      const reason = err instanceof ParseFailure ? err.reason : "syntax";
      throw new FlagError(message, { flag, raw: raw ?? "", reason, cause: err });
    }
  }

  #parse(input: NewInput<T>, raw: string): T {
    if ("value" in input) return this.type.protect?.(input.value) ?? input.value;
    if ("bytes" in input && this.type.fromBytes !== undefined) {
      return this.type.fromBytes(input.bytes);
    }
    return this.type.parse((this.#options.mutateInput ?? trimSpace)(raw));
  }
}
