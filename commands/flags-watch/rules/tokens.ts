/** The words of a rule's expression (flags-watch.md 5.3). */

/** What kind of word it is. */
export type TokenKind = "name" | "number" | "duration" | "text" | "sign" | "end";

/** A word and where it stands. */
export interface Token {
  readonly kind: TokenKind;
  /** As written; of a text its content, of a quoted name the name. */
  readonly text: string;
  /** Column, from 1. */
  readonly at: number;
}

/** An expression that cannot be understood; the message says where. */
export class RuleSyntaxError extends Error {
  override readonly name = "RuleSyntaxError";

  constructor(problem: string, at: number) {
    super(`column ${at}: ${problem}`);
  }
}

const DURATION = /-?(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h|d|w))+(?![\w.-])/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
const NAME = /[A-Za-z_][A-Za-z0-9._-]*/y;
const QUOTED_NAME = /`([^`]+)`/y;
const TEXT = /"(?:[^"\\]|\\.)*"/y;
const SIGN = /&&|\|\||[<>=!]=|[<>!()[\],]/y;
const BLANK = /\s+/y;

/** Splits an expression. @throws {RuleSyntaxError} */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined) at += found.length;
    return found;
  };
  while (take(BLANK), at < text.length) {
    const start = at + 1;
    const token = nextToken(take, start);
    if (token === undefined) {
      throw new RuleSyntaxError(`unexpected ${JSON.stringify(text.charAt(at))}`, start);
    }
    tokens.push(token);
  }
  return [...tokens, { kind: "end", text: "", at: text.length + 1 }];
}

function nextToken(
  take: (pattern: RegExp) => string | undefined,
  at: number,
): Token | undefined {
  for (
    const [kind, pattern] of [
      ["duration", DURATION],
      ["number", NUMBER],
      ["name", NAME],
      ["sign", SIGN],
    ] as const
  ) {
    const found = take(pattern);
    if (found !== undefined) return { kind, text: found, at };
  }
  const quoted = take(QUOTED_NAME);
  if (quoted !== undefined) return { kind: "name", text: quoted.slice(1, -1), at };
  const text = take(TEXT);
  if (text === undefined) return undefined;
  try {
    return { kind: "text", text: JSON.parse(text), at };
  } catch {
    throw new RuleSyntaxError("text is not quoted as in JSON", at);
  }
}
