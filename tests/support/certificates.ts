/**
 * A private certificate authority for tests: keys and certificates are made on the spot (ECDSA P-256),
 * so that no private key is ever committed and no other program is needed.
 */

import { joinBytes } from "#lib/collections/join_bytes.ts";
import {
  bitString,
  booleanTrue,
  element,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  unsignedInteger,
  utf8String,
} from "#tests/support/certificates/der.ts";

/** What a certificate says. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Groups of a Kubernetes user. Default none. */
  readonly organizations?: readonly string[];
  /** Subject alternative names. Default none. */
  readonly dnsNames?: readonly string[];
  /** Alternative names too, before the others. Default none. */
  readonly uris?: readonly string[];
  /** IPv4 and IPv6 alternative names in text form. Default none. */
  readonly ipAddresses?: readonly string[];
  /** Extended key usage. Default `server`. */
  readonly usage?: "server" | "client";
  /** Default one hour ago. */
  readonly notBefore?: Date;
  /** Default one day from now; a past date makes an expired certificate. */
  readonly notAfter?: Date;
}

/** A certificate with its private key, both as PEM text. */
export interface KeyPair {
  readonly certificatePem: string;
  /** PKCS #8. */
  readonly privateKeyPem: string;
}

/** A certificate authority that signs whatever it is asked to. */
export interface CertificateAuthority {
  /** What a client has to trust. */
  readonly certificatePem: string;
  issue(request: CertificateRequest): Promise<KeyPair>;
}

const HOUR_MS = 3_600_000;
const ECDSA_P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGN_SHA256 = { name: "ECDSA", hash: "SHA-256" } as const;
const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  subjectKeyIdentifier: "2.5.29.14",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** Makes a fresh authority; two calls with the same name do not trust each other. */
export async function createCertificateAuthority(
  { commonName = "kcfg test authority" }: { readonly commonName?: string } = {},
): Promise<CertificateAuthority> {
  const keys = await generateKeys();
  const subject = distinguishedName({ commonName });
  const keyId = await keyIdentifier(keys);
  const certificatePem = await certificate({
    issuer: subject,
    signer: keys,
    subject,
    keys,
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + 48 * HOUR_MS),
    extensions: [
      extension(OID.basicConstraints, { critical: true, value: sequence(booleanTrue()) }),
      // keyCertSign and cRLSign, the last used bit is 6.
      extension(OID.keyUsage, { critical: true, value: element(0x03, Uint8Array.of(1, 0x06)) }),
      extension(OID.subjectKeyIdentifier, { value: octetString(keyId) }),
    ],
  });
  return {
    certificatePem,
    issue: (request) => issue(request, { issuer: subject, signer: keys, authorityKeyId: keyId }),
  };
}

interface Issuer {
  readonly issuer: Uint8Array;
  readonly signer: CryptoKeyPair;
  readonly authorityKeyId: Uint8Array;
}

async function issue(request: CertificateRequest, issuer: Issuer): Promise<KeyPair> {
  const keys = await generateKeys();
  const usage = request.usage === "client" ? OID.clientAuth : OID.serverAuth;
  const names = alternativeNames(request);
  const certificatePem = await certificate({
    issuer: issuer.issuer,
    signer: issuer.signer,
    subject: distinguishedName(request),
    keys,
    notBefore: request.notBefore ?? new Date(Date.now() - HOUR_MS),
    notAfter: request.notAfter ?? new Date(Date.now() + 24 * HOUR_MS),
    extensions: [
      // digitalSignature, the last used bit is 0.
      extension(OID.keyUsage, { critical: true, value: element(0x03, Uint8Array.of(7, 0x80)) }),
      extension(OID.extKeyUsage, { value: sequence(objectIdentifier(usage)) }),
      extension(OID.authorityKeyIdentifier, {
        value: sequence(element(0x80, issuer.authorityKeyId)),
      }),
      ...(names.length === 0 ? [] : [extension(OID.subjectAltName, { value: sequence(...names) })]),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificatePem, privateKeyPem: toPem("PRIVATE KEY", new Uint8Array(pkcs8)) };
}

interface CertificateParts {
  readonly issuer: Uint8Array;
  readonly signer: CryptoKeyPair;
  readonly subject: Uint8Array;
  readonly keys: CryptoKeyPair;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Uint8Array[];
}

async function certificate(parts: CertificateParts): Promise<string> {
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256));
  const serial = crypto.getRandomValues(new Uint8Array(16));
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", parts.keys.publicKey));
  const body = sequence(
    element(0xa0, unsignedInteger(Uint8Array.of(2))),
    unsignedInteger(serial),
    algorithm,
    parts.issuer,
    sequence(time(parts.notBefore), time(parts.notAfter)),
    parts.subject,
    publicKey,
    element(0xa3, sequence(...parts.extensions)),
  );
  const raw = new Uint8Array(
    await crypto.subtle.sign(SIGN_SHA256, parts.signer.privateKey, body.slice()),
  );
  // WebCrypto gives r and s side by side, X.509 wants them as a sequence.
  const signature = sequence(
    unsignedInteger(raw.subarray(0, 32)),
    unsignedInteger(raw.subarray(32)),
  );
  return toPem("CERTIFICATE", sequence(body, algorithm, bitString(signature)));
}

function generateKeys(): Promise<CryptoKeyPair> {
  const extractable = true;
  return crypto.subtle.generateKey(ECDSA_P256, extractable, ["sign", "verify"]);
}

async function keyIdentifier(keys: CryptoKeyPair): Promise<Uint8Array> {
  const spki = await crypto.subtle.exportKey("spki", keys.publicKey);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", spki)).subarray(0, 20);
}

function distinguishedName(
  { commonName, organizations = [] }: Pick<CertificateRequest, "commonName" | "organizations">,
): Uint8Array {
  const attribute = (oid: string, value: string) =>
    set(sequence(objectIdentifier(oid), utf8String(value)));
  return sequence(
    ...organizations.map((name) => attribute(OID.organization, name)),
    attribute(OID.commonName, commonName),
  );
}

function alternativeNames(
  { uris = [], dnsNames = [], ipAddresses = [] }: CertificateRequest,
): Uint8Array[] {
  return [
    ...uris.map((uri) => element(0x86, new TextEncoder().encode(uri))),
    ...dnsNames.map((name) => element(0x82, new TextEncoder().encode(name))),
    ...ipAddresses.map((address) => element(0x87, addressBytes(address))),
  ];
}

function extension(
  oid: string,
  { value, critical = false }: { readonly value: Uint8Array; readonly critical?: boolean },
): Uint8Array {
  const flag = critical ? [booleanTrue()] : [];
  return sequence(objectIdentifier(oid), ...flag, octetString(value));
}

function addressBytes(address: string): Uint8Array {
  if (!address.includes(":")) return Uint8Array.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(missing).fill("0"), ...right]
    .map((group) => Number.parseInt(group, 16));
  return joinBytes(groups.map((group) => Uint8Array.of(group >> 8, group & 0xff)));
}

function toPem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
