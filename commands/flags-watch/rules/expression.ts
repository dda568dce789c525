/**
 * Rules of a schema: comparisons between flags (flags-watch.md 5.3).
 *
 * ```text
 * rule    = and *( "||" and )        and  = not *( "&&" not )
 * not     = "!" not | comparison     comparison = operand [ sign operand | "in" operand ]
 * operand = flag | number | duration | text | "true" | "false" | list | "(" rule ")"
 * ```
 *
 * Kinds are checked when a schema is read: numbers with numbers, durations with durations, texts by equality alone.
 */

import { durationType } from "#lib/flags/types/duration.ts";
import type { FlagTypeName } from "#lib/flags/types/flag_type.ts";
import {
  flagOperand,
  isSame,
  type Kind,
  literalOperand,
  type Operand,
  orderOf,
  type Read,
} from "./operands.ts";
import { RuleSyntaxError, type Token, tokensOf } from "./tokens.ts";

/** A rule that was understood. */
export interface Expression {
  /** Flags it reads, in the order of their first mention. */
  readonly flags: readonly string[];
  holds(read: Read): boolean;
}

const MAX_CHARS = 1000;
const ORDERS: Readonly<Record<string, (order: -1 | 0 | 1) => boolean>> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/**
 * Reads an expression.
 *
 * @param typeOf the type of a flag, `undefined` for none of that name
 * @throws {RuleSyntaxError}
 */
export function parseRule(
  text: string,
  typeOf: (flag: string) => FlagTypeName | undefined,
): Expression {
  if (text.length > MAX_CHARS) throw new RuleSyntaxError(`over ${MAX_CHARS} characters`, MAX_CHARS);
  const parser = new Parser(tokensOf(text), typeOf);
  const whole = parser.rule();
  return { flags: [...parser.flags], holds: (read) => whole.valueOf(read) === true };
}

class Parser {
  readonly flags = new Set<string>();
  readonly #tokens: readonly Token[];
  readonly #typeOf: (flag: string) => FlagTypeName | undefined;
  #at = 0;

  constructor(
    tokens: readonly Token[],
    typeOf: (flag: string) => FlagTypeName | undefined,
  ) {
    this.#tokens = tokens;
    this.#typeOf = typeOf;
  }

  rule(): Operand {
    const whole = this.#or();
    if (this.#next.kind !== "end") throw this.#unexpected(this.#next);
    return this.#bool(whole, 1);
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "", at: 0 };
  }

  #take(...signs: readonly string[]): string | undefined {
    const { kind, text } = this.#next;
    if ((kind !== "sign" && kind !== "name") || !signs.includes(text)) return undefined;
    this.#at += 1;
    return text;
  }

  #or(): Operand {
    return this.#joined("||", () => this.#and(), (a, b) => a || b);
  }

  #and(): Operand {
    return this.#joined("&&", () => this.#not(), (a, b) => a && b);
  }

  #joined(
    sign: string,
    part: () => Operand,
    join: (a: boolean, b: boolean) => boolean,
  ): Operand {
    const { at } = this.#next;
    let whole = part();
    while (this.#take(sign) !== undefined) {
      const left = this.#bool(whole, at);
      const rightAt = this.#next.at;
      const right = this.#bool(part(), rightAt);
      whole = {
        kind: "bool",
        valueOf: (read) => join(left.valueOf(read) === true, right.valueOf(read) === true),
      };
    }
    return whole;
  }

  #not(): Operand {
    if (this.#take("!") === undefined) return this.#comparison();
    const { at } = this.#next;
    const inner = this.#bool(this.#not(), at);
    return { kind: "bool", valueOf: (read) => inner.valueOf(read) !== true };
  }

  #comparison(): Operand {
    const left = this.#operand();
    const { at } = this.#next;
    const sign = this.#take("<", "<=", ">", ">=", "==", "!=", "in");
    if (sign === undefined) return left;
    const right = this.#operand();
    if (sign === "in") return isIn(left, right, at);
    requireSame(left, right, at);
    const compare = ORDERS[sign];
    if (compare === undefined) {
      const isEqual = sign === "==";
      return {
        kind: "bool",
        valueOf: (read) => isSame(left.valueOf(read), right.valueOf(read)) === isEqual,
      };
    }
    if (left.kind !== "number" && left.kind !== "duration") {
      throw new RuleSyntaxError(`${sign} is for numbers and durations, not for ${left.kind}`, at);
    }
    return {
      kind: "bool",
      valueOf(read) {
        const order = orderOf(left.valueOf(read), right.valueOf(read));
        return order !== undefined && compare(order);
      },
    };
  }

  #operand(): Operand {
    const token = this.#next;
    if (this.#take("(") !== undefined) {
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    if (this.#take("[") !== undefined) return this.#list();
    this.#at += 1;
    switch (token.kind) {
      case "number":
        return literalOperand("number", numberOf(token.text));
      case "duration":
        return literalOperand("duration", durationType.parse(token.text));
      case "text":
        return literalOperand("text", token.text);
      case "name":
        return this.#named(token);
      default:
        throw this.#unexpected(token);
    }
  }

  #list(): Operand {
    const items: Operand[] = [];
    while (this.#take("]") === undefined) {
      if (items.length > 0) this.#expect(",");
      const { at } = this.#next;
      const item = this.#operand();
      requireSame(items[0] ?? item, item, at);
      if (item.kind === "list") throw new RuleSyntaxError("a list in a list", at);
      items.push(item);
    }
    return {
      kind: "list",
      member: items[0]?.kind,
      valueOf: (read) => items.map((item) => item.valueOf(read)),
    };
  }

  #named({ text, at }: Token): Operand {
    if (text === "true" || text === "false") return literalOperand("bool", text === "true");
    const type = this.#typeOf(text);
    if (type === undefined) throw new RuleSyntaxError(`there is no flag "${text}"`, at);
    const operand = flagOperand(text, type);
    if (operand === undefined) {
      throw new RuleSyntaxError(`flag "${text}" of type ${type} cannot be compared`, at);
    }
    this.flags.add(text);
    return operand;
  }

  #expect(sign: string): void {
    if (this.#take(sign) === undefined) {
      throw new RuleSyntaxError(`"${sign}" is expected`, this.#next.at);
    }
  }

  #bool(operand: Operand, at: number): Operand {
    if (operand.kind === "bool") return operand;
    throw new RuleSyntaxError(`a condition is expected, this is of kind ${operand.kind}`, at);
  }

  #unexpected({ kind, text, at }: Token): RuleSyntaxError {
    return new RuleSyntaxError(
      kind === "end" ? "something is missing at the end" : `unexpected "${text}"`,
      at,
    );
  }
}

function isIn(left: Operand, right: Operand, at: number): Operand {
  const isRight = right.kind === "list" && (right.member ?? left.kind) === left.kind;
  if (!isRight) throw new RuleSyntaxError(`in needs a list of kind ${left.kind} behind it`, at);
  return {
    kind: "bool",
    valueOf(read) {
      const value = left.valueOf(read);
      const list = right.valueOf(read);
      return Array.isArray(list) && list.some((item) => isSame(item, value));
    },
  };
}

function requireSame(left: Operand, right: Operand, at: number): void {
  if (left.kind === right.kind) return;
  const shown = (kind: Kind) => kind === "bool" ? "condition" : kind;
  throw new RuleSyntaxError(`${shown(left.kind)} and ${shown(right.kind)} cannot be compared`, at);
}

/** Whole numbers beyond what a number can hold exactly are compared as they are written. */
function numberOf(text: string): number | bigint {
  const value = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}
