/** Conditions over several flags: an update that would break one is refused as a whole (flags-watch.md 5.3). */

import { FlagError } from "./errors.ts";
import type { AnyValue } from "./value_contract.ts";

/** A condition that every update must leave true. */
export interface FlagRule {
  /** For messages. */
  readonly name: string;
  /** Names of the flags it reads; an update of none of them is not checked against it. */
  readonly flags: readonly string[];
  /** Whether values are good together; `read` gives a flag's value as it would be. */
  holds(read: (flag: string) => unknown): boolean;
  /** The condition in words, shown to whoever set a flag. */
  readonly text: string;
}

/** The rules of a set. */
export class FlagRules {
  readonly #rules: FlagRule[] = [];
  readonly #valueOf: (flag: string) => AnyValue | undefined;

  constructor(valueOf: (flag: string) => AnyValue | undefined) {
    this.#valueOf = valueOf;
  }

  /** Adds one. @throws {TypeError} when a flag is not declared, or when the values in force break it */
  add(rule: FlagRule): void {
    const unknown = rule.flags.find((flag) => this.#valueOf(flag) === undefined);
    if (unknown !== undefined) {
      throw new TypeError(`Cannot add rule "${rule.name}": there is no flag "${unknown}"`);
    }
    if (!rule.holds((flag) => this.#valueOf(flag)?.value)) {
      throw new TypeError(`Cannot add rule "${rule.name}": ${rule.text} is not so`);
    }
    this.#rules.push(rule);
  }

  /** Why values must not come into force together; `undefined` when they may. */
  refusalOf(next: ReadonlyMap<AnyValue, unknown>): string | undefined {
    if (this.#rules.length === 0) return undefined;
    const read = (flag: string) => {
      const value = this.#valueOf(flag);
      return value !== undefined && next.has(value) ? next.get(value) : value?.value;
    };
    for (const rule of this.#rules) {
      const isTouched = rule.flags.some((flag) => {
        const value = this.#valueOf(flag);
        return value !== undefined && next.has(value);
      });
      if (!isTouched) continue;
      try {
        if (!rule.holds(read)) return `update breaks rule "${rule.name}": ${rule.text}`;
      } catch (err) {
        const problem = err instanceof Error ? err.message : String(err);
        return `rule "${rule.name}" cannot tell: ${problem}`;
      }
    }
    return undefined;
  }
}

/** What is thrown, or said of an update, where a rule refuses it. */
export function refusedByRule(flag: string, refusal: string, raw: string): FlagError {
  return new FlagError(refusal, { flag, raw, reason: "validation" });
}
