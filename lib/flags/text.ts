/** Text as Go treats it: white space, byte order, quoting. The wire and the checksums depend on it. */

// Unicode's White_Space property; JavaScript's trim() takes U+FEFF too and leaves U+0085.
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** `text` without Unicode white space at its ends; the default input mutator of every flag. */
export function trimSpace(text: string): string {
  // From both ends by hand: an expression for the end tries every blank inside, which takes minutes for a long run.
  let [start, end] = [0, text.length];
  while (start < end && SPACE.test(text.charAt(start))) start += 1;
  while (end > start && SPACE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Order of the UTF-8 bytes, which differs from that of the UTF-16 code units beyond U+FFFF. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  let at = 0;
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  // A surrogate stands for a character beyond every other code unit.
  const weight = (text: string) => {
    const unit = text.charCodeAt(at);
    return Number.isNaN(unit) ? -1 : unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
  };
  return weight(a) - weight(b);
}

/** `text` between double quotes, escaped like Go's verb `%q`. */
export function goQuote(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const isLone = code >= 0xd800 && code <= 0xdfff;
    if (ESCAPES[char] !== undefined) out += ESCAPES[char];
    else if (isLone) out += "\ufffd";
    else if (PRINTABLE.test(char)) out += char;
    else if (code < 0x20 || code === 0x7f) out += `\\x${hex(code, 2)}`;
    else if (code < 0x10000) out += `\\u${hex(code, 4)}`;
    else out += `\\U${hex(code, 8)}`;
  }
  return `${out}"`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
