/**
 * How long a certificate is valid, read from its PEM text: as much of X.509 (RFC 5280, 4.1) as that takes.
 * Nothing is verified here.
 */

import { decodeBase64 } from "./base64.ts";

/** Validity of a certificate. */
export interface CertificateValidity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const PEM = /-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/;
const EXPLICIT_VERSION = 0xa0;
const UTC_TIME = 0x17;

/**
 * Validity of the first certificate in `pem`.
 *
 * @throws {SyntaxError} when there is none or it is not X.509
 */
export function certificateValidity(pem: string): CertificateValidity {
  const body = PEM.exec(pem)?.[1];
  if (body === undefined) throw new SyntaxError("No certificate in the PEM text");
  const der = decodeBase64(body.replace(/\s+/g, ""));
  const certificate = readElement(der, 0);
  const toBeSigned = readElement(der, certificate.start);
  let at = toBeSigned.start;
  const version = readElement(der, at);
  if (version.tag === EXPLICIT_VERSION) at = version.end;
  // Serial number, signature algorithm, issuer: then the validity.
  for (let skipped = 0; skipped < 3; skipped++) at = readElement(der, at).end;
  const validity = readElement(der, at);
  const notBefore = readElement(der, validity.start);
  const notAfter = readElement(der, notBefore.end);
  return { notBefore: readTime(der, notBefore), notAfter: readTime(der, notAfter) };
}

interface Element {
  readonly tag: number;
  /** Offsets of the content. */
  readonly start: number;
  readonly end: number;
}

function readElement(der: Uint8Array, at: number): Element {
  const first = byteAt(der, at + 1);
  if (first < 0x80) return { tag: byteAt(der, at), start: at + 2, end: at + 2 + first };
  const bytes = first & 0x7f;
  let length = 0;
  for (let index = 0; index < bytes; index++) length = length * 256 + byteAt(der, at + 2 + index);
  const start = at + 2 + bytes;
  if (start + length > der.length) throw new SyntaxError("The certificate is cut short");
  return { tag: byteAt(der, at), start, end: start + length };
}

function byteAt(der: Uint8Array, at: number): number {
  const byte = der[at];
  if (byte === undefined) throw new SyntaxError("The certificate is cut short");
  return byte;
}

/** `YYMMDDHHMMSSZ` with a window from 1950, or `YYYYMMDDHHMMSSZ`. */
function readTime(der: Uint8Array, { tag, start, end }: Element): Date {
  const text = new TextDecoder().decode(der.subarray(start, end));
  const digits = tag === UTC_TIME ? `${Number(text.slice(0, 2)) >= 50 ? "19" : "20"}${text}` : text;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits);
  if (parts === null) throw new SyntaxError(`"${text}" is not a time of a certificate`);
  const [year = 0, month = 0, day, hour, minute, second] = parts.slice(1).map(Number);
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}
