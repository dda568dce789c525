/**
 * Headers as they are sent: HPACK, RFC 7541, without a table of our own. The headers of a request to one server are
 * some hundred bytes; a table would save most of them and would have to be kept in step with the peer's.
 */

import { joinBytes } from "#lib/collections/join_bytes.ts";
import { type HeaderLine, staticTable } from "./static_table.ts";

/** Never to be kept in a table by anybody on the way, RFC 7541 7.1.3. */
const SECRET_NAMES = new Set(["authorization", "cookie", "proxy-authorization"]);

/** Writes blocks of headers. */
export class HeaderEncoder {
  readonly #text = new TextEncoder();
  /** Index by name, and by name and value. */
  readonly #indices = new Map<string, number>();

  constructor() {
    staticTable().forEach(([name, value], at) => {
      if (!this.#indices.has(name)) this.#indices.set(name, at + 1);
      if (value !== "") this.#indices.set(`${name} ${value}`, at + 1);
    });
  }

  /** The block; values are sent as UTF-8. */
  encode(lines: Iterable<HeaderLine>): Uint8Array {
    // A table of no bytes: said each time, because it has to be whenever the peer has made its table smaller.
    const pieces: Uint8Array[] = [Uint8Array.of(0x20)];
    for (const [name, value] of lines) {
      const known = this.#indices.get(`${name} ${value}`);
      if (known !== undefined) {
        pieces.push(integer(known, { prefixBits: 7, first: 0x80 }));
        continue;
      }
      const index = this.#indices.get(name) ?? 0;
      pieces.push(integer(index, { prefixBits: 4, first: SECRET_NAMES.has(name) ? 0x10 : 0 }));
      if (index === 0) this.#push(pieces, name);
      this.#push(pieces, value);
    }
    return joinBytes(pieces);
  }

  #push(pieces: Uint8Array[], text: string): void {
    const bytes = this.#text.encode(text);
    pieces.push(integer(bytes.length, { prefixBits: 7, first: 0 }), bytes);
  }
}

/** RFC 7541 5.1. */
function integer(
  value: number,
  { prefixBits, first }: { readonly prefixBits: number; readonly first: number },
): Uint8Array {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) return Uint8Array.of(first | value);
  const bytes = [first | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
