/**
 * One dynamic value: what it is now, how it changes and who is told. Reading is a property read; everything
 * else happens when it is set. Sets of flags bind values to names (`flag_set.ts`).
 */

import { FlagError, ParseFailure } from "./errors.ts";
import { type ChangeListener, ListenerQueue, type ValueChange } from "./listeners.ts";
import { trimSpace } from "./text.ts";
import type { FlagType } from "./types/flag_type.ts";
import { refusalOf, type StandardSchema, toValidator, type Validator } from "./validators.ts";
import {
  isSameState,
  type NewInput,
  type PreparedChange,
  type ValueInput,
  type ValueOptions,
  type ValueOwner,
  type ValueState,
} from "./value_contract.ts";

/** A value that is read as a function call: `limit()`. */
export interface DynValue<T> {
  /** The value in force. */
  (): T;
}

/** The base that makes a class's objects callable. */
export class Callable {
  /** `read` is what a call calls. */
  constructor(read: () => unknown) {
    return Object.setPrototypeOf(read, new.target.prototype);
  }
}

/** A typed value that may change while the program runs. Make one with `flags.int(…)` or `dyn.int(…)`. */
export class DynValue<T> extends Callable {
  /** Syntax and canonical text. */
  readonly type: FlagType<T>;
  /** The value before anything is set. */
  readonly default: T;
  /** What the value is for. */
  readonly usage: string;
  /** False for a value that is settled when initialization ends. */
  readonly isDynamic: boolean;
  /** Whether it must not be shown. */
  readonly isSecret: boolean;

  #value: T;
  /** Canonical text of the value; made when first asked for. */
  #text: string | undefined;
  readonly #defaultText: string | undefined;
  #options: ValueOptions<T>;
  #validators: Validator<T>[] = [];
  #isFrozen = false;
  readonly #names: string[] = [];
  readonly #owners: ValueOwner[] = [];
  readonly #listeners: ListenerQueue<T>;

  /** Prefer the makers of `dyn`, `fixed` or a set of flags. */
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
  prepare(input: ValueInput<T>, flag: string = this.#names[0] ?? ""): PreparedChange {
    if (!this.isDynamic && this.#isFrozen) {
      const raw = "raw" in input ? input.raw : "";
      throw new FlagError("flag is static", { flag, raw, reason: "static" });
    }
    const next = "restore" in input ? input.restore : this.#read(input, flag);
    const { value, text } = next;
    const isChange = !isSameState(this.type, next, this.state());
    let old = this.#value;
    return {
      isChange,
      value,
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
  bound(name: string, owner: ValueOwner): void {
    this.#names.push(name);
    this.#owners.push(owner);
    this.#listeners.report = owner.report;
  }

  /** From now on a static value refuses to change. */
  freeze(): void {
    this.#isFrozen = true;
  }

  #apply(change: PreparedChange): void {
    for (const owner of this.#owners) {
      const refusal = owner.refusalOf(change.value);
      if (refusal !== undefined) throw refusal;
    }
    const before = this.state();
    change.swap();
    // The set first, so that listeners see it up to date.
    for (const { onSet } of this.#owners) onSet(before);
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
