/**
 * JSON whose integers survive: what a number cannot hold is read as bigint and written digit by digit.
 * Everything else is the runtime's own JSON.
 */

/** A value `parseJson` returns. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | JsonValue[]
  | { [key: string]: JsonValue };

const TOKEN = /"(?:[^"\\]|\\.)*"|[-\d][-+.\deE]*|[{}[\],:]|true|false|null/g;

/**
 * Parses JSON; integers beyond ±(2⁵³−1) become bigint. Order of keys as in any object: integer-like keys
 * first, the others as written; the last of equal keys wins.
 *
 * @throws {SyntaxError} as `JSON.parse`
 */
export function parseJson(text: string): JsonValue {
  const value: JsonValue = JSON.parse(text);
  // Without sixteen digits in a row there is nothing to save.
  return /\d{16}/.test(text) ? rebuild(text) : value;
}

/**
 * Writes JSON as `JSON.stringify` does, bigints as integers. `indent` spaces a level, none (compact) by default.
 *
 * @throws {TypeError} on cycles, and on what JSON has no form for at the top
 */
export function stringifyJson(
  value: unknown,
  { indent = 0 }: { readonly indent?: number } = {},
): string {
  let hasBigInt = false;
  // The replacer also lets the runtime look for cycles before our own writer starts.
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== "bigint") return member;
    hasBigInt = true;
    return null;
  }, indent);
  if (text === undefined) throw new TypeError(`Cannot write JSON: no form for ${typeof value}`);
  return hasBigInt ? write(value, { indent, level: 0 }) : text;
}

interface Layout {
  readonly indent: number;
  readonly level: number;
}

/** Builds the value of a text already known to be JSON; iterative, so depth is no matter. */
function rebuild(text: string): JsonValue {
  const root: JsonValue[] = [];
  const parents: (JsonValue[] | { [key: string]: JsonValue })[] = [root];
  const keys: (string | undefined)[] = [undefined];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === ":" || token === ",") continue;
    if (token === "}" || token === "]") {
      parents.pop();
      keys.pop();
      continue;
    }
    const parent = parents.at(-1) ?? root;
    const key = keys.at(-1);
    if (!Array.isArray(parent) && key === undefined) {
      keys[keys.length - 1] = JSON.parse(token);
      continue;
    }
    const value = token === "{" ? {} : token === "[" ? [] : scalar(token);
    if (Array.isArray(parent)) parent.push(value);
    else setMember(parent, key ?? "", value);
    keys[keys.length - 1] = undefined;
    if (typeof value === "object" && value !== null) {
      parents.push(value);
      keys.push(undefined);
    }
  }
  return root[0] ?? null;
}

function scalar(token: string): JsonValue {
  const value: JsonValue = JSON.parse(token);
  const isLost = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(token);
  return isLost ? BigInt(token) : value;
}

function setMember(parent: { [key: string]: JsonValue }, key: string, value: JsonValue): void {
  if (key !== "__proto__") {
    parent[key] = value;
    return;
  }
  // An assignment would change the prototype.
  const plain = { enumerable: true, configurable: true, writable: true };
  Object.defineProperty(parent, key, { value, ...plain });
}

function write(value: unknown, layout: Layout): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if ("toJSON" in value && typeof value.toJSON === "function") return write(value.toJSON(), layout);
  const inner = { ...layout, level: layout.level + 1 };
  if (Array.isArray(value)) {
    return wrap("[]", value.map((item) => write(item, inner)), layout);
  }
  const colon = layout.indent === 0 ? ":" : ": ";
  const members = Object.entries(value)
    .filter(([, member]) => !["undefined", "function", "symbol"].includes(typeof member))
    .map(([key, member]) => JSON.stringify(key) + colon + write(member, inner));
  return wrap("{}", members, layout);
}

function wrap(brackets: string, parts: readonly string[], { indent, level }: Layout): string {
  if (parts.length === 0) return brackets;
  const pad = indent === 0 ? "" : "\n" + " ".repeat(indent * (level + 1));
  const end = indent === 0 ? "" : "\n" + " ".repeat(indent * level);
  return brackets.slice(0, 1) + pad + parts.join(`,${pad}`) + end + brackets.slice(1);
}
