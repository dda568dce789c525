/**
 * Java `.properties` as Spring Boot reads them: comments, continuation, escapes, several documents in
 * one file, `key[]=a,b` lists. Text in, text out; the caller decodes UTF-8.
 */

/** Key and value in the order of the file; a repeated key keeps its first place and its last value. */
export type PropertiesDocument = ReadonlyMap<string, string>;

/** Told where a value begins, both counted from 1; `document` is one of those returned. */
export type PropertyPlaceListener = (
  document: PropertiesDocument,
  key: string,
  place: { readonly line: number; readonly column: number },
) => void;

/**
 * Reads the documents of a properties text, without the empty ones. A line of exactly `#---` or `!---`
 * starts a new document, unless a comment with the same mark stands before it or a comment follows it.
 * Keys are trimmed, escaped blanks included, as Spring does; values keep blanks at their end.
 *
 * @throws {SyntaxError} with the line, when `\u` is not followed by four hexadecimal digits
 */
export function parseProperties(
  text: string,
  onPlace: PropertyPlaceListener = () => {},
): PropertiesDocument[] {
  const documents: Map<string, string>[] = [];
  let current = new Map<string, string>();
  let lastMark: string | undefined;
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const mark = /^[ \t\f]*([#!])/.exec(line)?.[1];
    if (mark === undefined) {
      const first = at;
      let logical = line.replace(/^[ \t\f]+/, "");
      while (endsOpen(logical)) {
        at += 1;
        logical = logical.slice(0, -1) + (lines[at] ?? "").replace(/^[ \t\f]+/, "");
        if (at >= lines.length) break;
      }
      lastMark = undefined;
      const indent = (lines[first] ?? "").search(/[^ \t\f]|$/);
      addPair(current, logical, { line: first + 1, indent, onPlace });
      continue;
    }
    if (mark !== lastMark && /^[#!]---[ \t\f]*$/.test(line)) {
      if (current.size > 0) documents.push(current);
      current = new Map();
      continue;
    }
    // compat: a comment right behind a separator takes the separator back.
    if (current.size === 0) current = documents.pop() ?? current;
    lastMark = mark;
  }
  if (current.size > 0) documents.push(current);
  return documents;
}

/** Prints pairs as lines `key=value` that `parseProperties` and Java read back; empty without pairs. */
export function stringifyProperties(
  pairs: Iterable<readonly [key: string, value: string]>,
): string {
  let out = "";
  for (const [key, value] of pairs) {
    out += `${escape(key).replace(/[ =:#!]/g, "\\$&")}=${escape(value).replace(/^ /, "\\ ")}\n`;
  }
  return out;
}

/** Whether an odd number of backslashes ends the line, so that it goes on. */
function endsOpen(line: string): boolean {
  return (/\\*$/.exec(line)?.[0].length ?? 0) % 2 === 1;
}

function addPair(
  document: Map<string, string>,
  line: string,
  { line: lineNumber, indent, onPlace }: {
    readonly line: number;
    readonly indent: number;
    readonly onPlace: PropertyPlaceListener;
  },
): void {
  // Key: up to an unescaped separator; then blanks, at most one `=` or `:`, blanks again.
  const [head = "", rawKey = ""] = /^((?:\\[^]|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*/.exec(line) ??
    [];
  const key = javaTrim(unescape(rawKey, lineNumber));
  if (key === "") return;
  const rest = line.slice(head.length);
  const place = { line: lineNumber, column: indent + head.length + 1 };
  if (!key.endsWith("[]")) {
    document.set(key, unescape(rest, lineNumber));
    onPlace(document, key, place);
    return;
  }
  const items = rest.match(/(?:\\[^]|[^\\,])+|(?<=^|,)(?=,)/g) ?? [""];
  items.forEach((item, index) => {
    const itemKey = `${key.slice(0, -2)}[${index}]`;
    document.set(itemKey, unescape(item.replace(/^[ \t\f]+/, ""), lineNumber));
    onPlace(document, itemKey, place);
  });
}

const ESCAPES: Readonly<Record<string, string>> = { t: "\t", r: "\r", n: "\n", f: "\f" };

function unescape(text: string, lineNumber: number): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([^]?))/g, (_, hex?: string, other = "") => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (other === "u") {
      throw new SyntaxError(`Cannot parse properties: malformed \\uXXXX on line ${lineNumber}`);
    }
    return ESCAPES[other] ?? other;
  });
}

function escape(text: string): string {
  return text.replace(/[\\\t\n\r\f]/g, (char) => {
    const letter = Object.keys(ESCAPES).find((name) => ESCAPES[name] === char);
    return `\\${letter ?? char}`;
  });
}

/** Java's `trim()`: everything up to U+0020, nothing above. */
function javaTrim(text: string): string {
  return text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "");
}
