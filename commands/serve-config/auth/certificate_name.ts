/**
 * Whom a client certificate is about (serve-config.md 14.9): its first URI or DNS name, else its common name. The
 * alternative names are read out of the certificate itself: as text they are one line, in which a name could pass
 * for several.
 */

/** A certificate that was verified. */
export interface VerifiedCertificate {
  /** DER. */
  readonly raw: Uint8Array;
  readonly commonName: string | undefined;
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const SEQUENCE = 0x30;
const OBJECT_ID = 0x06;
const OCTET_STRING = 0x04;
/** `[3] EXPLICIT Extensions` of RFC 5280, 4.1. */
const EXTENSIONS = 0xa3;
/** 2.5.29.17. */
const SUBJECT_ALT_NAME = "551d11";
/** `dNSName` and `uniformResourceIdentifier` of RFC 5280, 4.2.1.6. */
const NAMES = new Set([0x82, 0x86]);

/** The name; `undefined` for a certificate without one, or one that cannot be read. */
export function nameOf({ raw, commonName }: VerifiedCertificate): string | undefined {
  try {
    const name = alternativeNameOf(raw) ?? commonName;
    return name === undefined || name === "" ? undefined : name;
  } catch (error) {
    // Whoever cannot be named is nobody, whatever its common name says.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function alternativeNameOf(raw: Uint8Array): string | undefined {
  const [certificate] = elementsOf(raw);
  const [signed] = elementsOf(contentOf(certificate, SEQUENCE));
  const extensions = elementsOf(contentOf(signed, SEQUENCE)).find(({ tag }) => tag === EXTENSIONS);
  if (extensions === undefined) return undefined;
  const [list] = elementsOf(extensions.content);
  for (const extension of elementsOf(contentOf(list, SEQUENCE))) {
    const parts = elementsOf(contentOf(extension, SEQUENCE));
    if (contentOf(parts[0], OBJECT_ID).toHex() !== SUBJECT_ALT_NAME) continue;
    const [names] = elementsOf(contentOf(parts.at(-1), OCTET_STRING));
    const found = elementsOf(contentOf(names, SEQUENCE)).find(({ tag }) => NAMES.has(tag));
    return found === undefined ? undefined : new TextDecoder().decode(found.content);
  }
  return undefined;
}

function contentOf(element: Element | undefined, tag: number): Uint8Array {
  if (element?.tag === tag) return element.content;
  throw new RangeError("The certificate has another structure");
}

/** The elements that stand one after the other (X.690). @throws {RangeError} */
function elementsOf(bytes: Uint8Array): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0x80;
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    // Indefinite lengths are not DER, and nothing here has more than four bytes of length.
    if (first === 0x80 || lengthBytes > 4) {
      throw new RangeError("The length of an element is wrong");
    }
    let length = first;
    if (lengthBytes > 0) {
      length = bytes.subarray(at + 2, at + 2 + lengthBytes)
        .reduce((sum, byte) => sum * 256 + byte, 0);
    }
    const start = at + 2 + lengthBytes;
    if (start + length > bytes.length) throw new RangeError("An element is cut off");
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}
