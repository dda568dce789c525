/** Spring's profile expressions (`org.springframework.core.env.Profiles`): names with `!`, `&`, `|`, parentheses. */

const TOKEN = /\s*([()&|!]|[^()&|!\s][^()&|!]*)/y;

/**
 * Whether an expression holds for the profiles.
 *
 * @throws {SyntaxError} when it is malformed; `&` and `|` side by side without parentheses are
 */
export function profilesMatch(expression: string, profiles: ReadonlySet<string>): boolean {
  const tokens = tokensOf(expression);
  const value = parseOperands(tokens, profiles, expression);
  if (tokens.length > 0) throw malformed(expression);
  return value;
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  for (let found = pattern.exec(expression); found !== null; found = pattern.exec(expression)) {
    tokens.push(found[1]?.trim() ?? "");
  }
  return tokens;
}

function parseOperands(
  tokens: string[],
  profiles: ReadonlySet<string>,
  expression: string,
): boolean {
  let value = parseOperand(tokens, profiles, expression);
  let operator: string | undefined;
  while (tokens[0] === "&" || tokens[0] === "|") {
    const next = tokens.shift();
    if (operator !== undefined && next !== operator) throw malformed(expression);
    operator = next;
    const operand = parseOperand(tokens, profiles, expression);
    value = operator === "&" ? value && operand : value || operand;
  }
  return value;
}

function parseOperand(
  tokens: string[],
  profiles: ReadonlySet<string>,
  expression: string,
): boolean {
  const token = tokens.shift();
  if (token === "!") return !parseOperand(tokens, profiles, expression);
  if (token === "(") {
    const value = parseOperands(tokens, profiles, expression);
    if (tokens.shift() !== ")") throw malformed(expression);
    return value;
  }
  if (token === undefined || /^[)&|]$/.test(token)) throw malformed(expression);
  return profiles.has(token);
}

function malformed(expression: string): SyntaxError {
  return new SyntaxError(`Malformed profile expression "${expression}"`);
}
