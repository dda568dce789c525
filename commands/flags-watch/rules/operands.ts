/** What a rule compares: literals and flags, each of one kind, and the comparisons of each kind. */

import { Duration } from "#lib/flags/types/duration.ts";
import type { FlagTypeName } from "#lib/flags/types/flag_type.ts";

/** What values are to a rule. */
export type Kind = "bool" | "number" | "duration" | "text" | "list";

/** Gives the value of a flag as it would be. */
export type Read = (flag: string) => unknown;

/** A part of an expression that has a value. */
export interface Operand {
  readonly kind: Kind;
  /** Kind of a list's members; `undefined` when it has none, so that any would do. */
  readonly member?: Kind | undefined;
  valueOf(read: Read): unknown;
}

const KINDS: Readonly<Record<FlagTypeName, Kind | undefined>> = {
  bool: "bool",
  int: "number",
  int64: "number",
  float: "number",
  string: "text",
  duration: "duration",
  "string-slice": "list",
  "string-set": "list",
  json: undefined,
  binary: undefined,
  "log-level": "text",
  enum: "text",
  url: "text",
  regex: undefined,
  "bytes-size": "number",
};

/** A flag as an operand; `undefined` when rules cannot say anything about its type. */
export function flagOperand(name: string, type: FlagTypeName): Operand | undefined {
  const kind = KINDS[type];
  if (kind === undefined) return undefined;
  return {
    kind,
    ...(kind === "list" && { member: "text" as const }),
    valueOf: (read) => comparable(read(name)),
  };
}

/** A value that stands in the expression. */
export function literalOperand(kind: Kind, value: unknown): Operand {
  const constant = comparable(value);
  return { kind, valueOf: () => constant };
}

/** Durations by their nanoseconds, lists as arrays; others as they are. */
function comparable(value: unknown): unknown {
  if (value instanceof Duration) return value.ns;
  return value instanceof Set ? [...value] : value;
}

/** Whether one value is less than, equal to or more than another; `undefined` when none of it, as for NaN. */
export function orderOf(a: unknown, b: unknown): -1 | 0 | 1 | undefined {
  const [x, y] = [a as number, b as number];
  if (x < y) return -1;
  if (x > y) return 1;
  return x <= y ? 0 : undefined;
}

/** Whether two values of one kind are the same; lists in their order. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => item === b[index]);
  }
  return typeof a === "boolean" ? a === b : orderOf(a, b) === 0;
}
