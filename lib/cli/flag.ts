/**
 * Flags as data: one entry says everything that parser, environment binding, help, completion and the
 * generated pages need. Parsing turns text into a checked value or throws with the reason.
 */

import { formatGoDuration, parseGoDuration } from "#lib/format/duration.ts";
import { parseGoBool } from "#lib/format/go_bool.ts";

/** One flag; `V` is the type of its checked value. */
export interface Flag<V> {
  /** One line for help, without a final period. */
  readonly brief: string;
  /** Heading it stands under in help. */
  readonly category: string;
  /** Text to value. Throws a `SyntaxError` or `RangeError` whose message follows `flag --x: `. */
  readonly parse: (text: string) => V;
  /** Default as a user would type it; `undefined` when the flag has none. */
  readonly default?: string | undefined;
  /** What stands for the value in help, for example `DURATION`. */
  readonly placeholder?: string | undefined;
  /** One-letter alias. */
  readonly short?: string | undefined;
  /** Environment variables that set it; the first one that is set wins. */
  readonly env?: readonly string[] | undefined;
  /** Whether a variable that is set but empty is a value; otherwise it counts as unset. */
  readonly emptyEnv?: boolean | undefined;
  /** A switch: no value needed, `--x=false` turns it off. */
  readonly boolean?: boolean | undefined;
  /** May be given several times; the texts arrive joined by `LIST_SEPARATOR`. */
  readonly repeatable?: boolean | undefined;
  /** Values offered by completion. */
  readonly choices?: readonly string[] | undefined;
  /** How the value is shown in logs: `url` hides a password, `secret` hides all. */
  readonly sensitive?: "url" | "secret" | undefined;
  /** Left out of help and completion. */
  readonly hidden?: boolean | undefined;
  /**
   * Known to users of the replaced program or of the specification but not there yet: setting it is
   * refused with this text. Implies `hidden`.
   */
  readonly unavailable?: string | undefined;
  /** Texts that leave an unavailable feature off and are therefore accepted. */
  readonly offTexts?: readonly string[] | undefined;
}

/** Flags of a command by name, as typed without dashes. */
// deno-lint-ignore no-explicit-any -- a table mixes value types; FlagValues recovers each of them
export type FlagTable = Readonly<Record<string, Flag<any>>>;

/** Checked values of a table, by flag name. */
export type FlagValues<T extends FlagTable> = {
  readonly [K in keyof T]: T[K] extends Flag<infer V> ? V : never;
};

/** What every maker below takes. */
type Common<V> = Omit<Flag<V>, "parse" | "boolean">;

/** Text taken as it is. */
export function textFlag(flag: Common<string> & { readonly default: string }): Flag<string> {
  return { placeholder: "TEXT", ...flag, parse: (text) => text };
}

/** Text that may be absent. */
export function optionalTextFlag(flag: Common<string | undefined>): Flag<string | undefined> {
  return { placeholder: "TEXT", ...flag, parse: (text) => text };
}

/** Stands between the texts of a flag that was given several times; it cannot be typed by accident. */
export const LIST_SEPARATOR = "\u001f";

/** A flag that may be given several times; the value is the list, in order. A variable gives one value. */
export function listFlag(flag: Common<readonly string[]>): Flag<readonly string[]> {
  return {
    placeholder: "TEXT",
    ...flag,
    default: "",
    repeatable: true,
    parse: (text) => text === "" ? [] : text.split(LIST_SEPARATOR),
  };
}

/** A switch with Go's spellings of true and false. */
export function boolFlag(
  flag: Common<boolean> & { readonly default: "true" | "false" },
): Flag<boolean> {
  return { ...flag, boolean: true, parse: parseGoBool };
}

/** A duration in Go's syntax (`1m30s`); the value is in milliseconds. */
export function durationFlag(
  flag: Common<number> & {
    readonly default: string;
    /** Smallest value allowed, in milliseconds. */
    readonly minMs?: number;
  },
): Flag<number> {
  const { minMs, ...rest } = flag;
  return {
    placeholder: "DURATION",
    ...rest,
    parse(text) {
      const ms = parseGoDuration(text);
      if (minMs !== undefined && ms < minMs) {
        throw new RangeError(`${text} is below ${formatGoDuration(minMs)}`);
      }
      return ms;
    },
  };
}

/** A decimal number within bounds, both included. */
export function numberFlag(
  flag: Common<number> & {
    readonly default: string;
    readonly min: number;
    readonly max: number;
    /** Whether a fraction is allowed, false by default. */
    readonly fraction?: boolean;
  },
): Flag<number> {
  const { min, max, fraction = false, ...rest } = flag;
  const syntax = fraction ? /^[+-]?(\d+\.?\d*|\.\d+)$/ : /^[+-]?\d+$/;
  return {
    placeholder: "NUMBER",
    ...rest,
    parse(text) {
      if (!syntax.test(text)) {
        throw new SyntaxError(`"${text}" is not ${fraction ? "a" : "a whole"} number`);
      }
      const value = Number(text);
      if (value < min || value > max) {
        throw new RangeError(`${text} is not between ${min} and ${max}`);
      }
      return value;
    },
  };
}

/** One of a few words. */
export function choiceFlag<C extends string>(
  flag: Common<C> & { readonly default: C; readonly choices: readonly C[] },
): Flag<C> {
  const choices: readonly C[] = flag.choices;
  return {
    placeholder: choices.join("|"),
    ...flag,
    parse(text) {
      const choice = choices.find((candidate) => candidate === text);
      if (choice === undefined) {
        throw new SyntaxError(`"${text}" is not one of ${choices.join(", ")}`);
      }
      return choice;
    },
  };
}

/** A flag that a specification names and this version does not have. */
export function unavailableFlag(
  feature: string,
  { env, emptyEnv, offTexts }: Pick<Flag<undefined>, "env" | "emptyEnv" | "offTexts"> = {},
): Flag<undefined> {
  return {
    brief: feature,
    category: "Not available",
    env,
    emptyEnv,
    offTexts,
    unavailable: feature,
    parse: () => undefined,
  };
}
