/** A flag in a set: its value, where that comes from, and what it goes back to. */

import type { FlagChange, FlagEntry, ValueSource } from "./flag_set_contract.ts";
import {
  type AnyValue,
  isSameState,
  type PreparedChange,
  type ValueInput,
  type ValueState,
} from "./value_contract.ts";

/** One flag under one of its names. */
export class FlagSlot implements FlagEntry {
  readonly name: string;
  readonly value: AnyValue;
  source: ValueSource = "default";
  sinceMs: number | undefined;
  error: string | undefined;
  /** What the configuration last set. */
  config: ValueInput<unknown> | undefined;
  /** What was in force before the configuration or HTTP first set it. */
  base: (ValueState<unknown> & { readonly source: ValueSource }) | undefined;
  readonly #now: () => number;

  /** @param now milliseconds since the epoch */
  constructor(name: string, value: AnyValue, now: () => number) {
    this.name = name;
    this.value = value;
    this.#now = now;
  }

  /** Brings a prepared change into force; a list of the change, empty when the value is what it was. */
  swap(
    { input, change, source }: {
      readonly input: ValueInput<unknown>;
      readonly change: PreparedChange;
      readonly source: ValueSource;
    },
  ): readonly FlagChange[] {
    const before = this.value.state();
    const { base } = this;
    if (base !== undefined && "restore" in input && input.restore === base) {
      this.base = undefined;
      change.swap();
      return this.record(before, base.source);
    }
    const isOverlay = source === "config" || source === "http";
    if (isOverlay) this.base ??= { ...before, source: this.source };
    if (source === "config") this.config = input;
    change.swap();
    return this.record(before, source);
  }

  /** Notes where the value in force comes from; a list of the change, empty when the value is what it was. */
  record(before: ValueState<unknown>, source: ValueSource): readonly FlagChange[] {
    this.source = source;
    this.sinceMs = this.#now();
    this.error = undefined;
    const after = this.value.state();
    if (isSameState(this.value.type, before, after)) return [];
    return [{
      name: this.name,
      type: this.value.type.name,
      old: before.value,
      new: after.value,
      oldText: before.text,
      newText: after.text,
    }];
  }
}
