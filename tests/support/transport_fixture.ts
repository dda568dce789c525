/** The transport and a TLS server it trusts, for tests of what goes between them. */

import assert from "node:assert/strict";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import type { CertificateAuthority, KeyPair } from "#tests/support/certificates.ts";
import type { Handler } from "#tests/support/tls_server.ts";
import { TransportError } from "#lib/kube/errors.ts";
import type {
  Transport,
  TransportOptions,
  TransportRequest,
} from "#lib/kube/transport/contract.ts";
import { openLightTls } from "#lib/kube/transport/deno.ts";
import { createTransport } from "#lib/kube/transport/transport.ts";

type Request = Parameters<Handler>[0];
type Response = Parameters<Handler>[1];

/** Signs the certificate of every server here. */
export const authority: CertificateAuthority = await createCertificateAuthority();
/** A server's, for 127.0.0.1 and `api.test`. */
export const keyPair: KeyPair = await authority.issue({
  commonName: "test",
  dnsNames: ["api.test"],
  ipAddresses: ["127.0.0.1"],
});
/** TLS options of a client that trusts it. */
export const trusted: { readonly ca: string } = { ca: authority.certificatePem };

/** A way to a server, for tests of what has to be the same on all. */
export interface Way {
  readonly name: string;
  readonly server: { readonly keyPair: KeyPair; readonly http1Only: boolean };
  readonly client: Pick<TransportOptions, "openLightTls">;
}

/** HTTP/2 by the runtime's own TLS. */
export const LIGHT: Way = {
  name: "h2",
  server: { keyPair, http1Only: false },
  client: { openLightTls },
};
/** The same over a socket of Node's layer. */
export const HEAVY: Way = {
  name: "h2 on Node's layer",
  server: { keyPair, http1Only: false },
  client: { openLightTls: undefined },
};
/** For servers that speak nothing else. */
export const HTTP1: Way = {
  name: "http/1.1",
  server: { keyPair, http1Only: true },
  client: { openLightTls: undefined },
};

/** Answers with method and path. */
export function echo(request: Request, response: Response): void {
  response.setHeader("content-type", "text/plain");
  response.end(`${request.method} ${request.url}`);
}

/** Begins an answer and leaves it open, but for `/short`. */
export function open(request: Request, response: Response): void {
  response.writeHead(200);
  response.write("first\n");
  if (request.url === "/short") response.end();
}

/** A client that is closed with its scope. */
export type TransportFixture = AsyncDisposable & { readonly transport: Transport };

/** A transport to a port of this machine. */
export function connectTo(port: number, options: Partial<TransportOptions> = {}): TransportFixture {
  const transport = createTransport({
    server: `https://127.0.0.1:${port}`,
    tls: trusted,
    openLightTls,
    ...options,
  });
  return { transport, [Symbol.asyncDispose]: () => transport.close() };
}

/** The text of an answer. */
export async function getText(
  transport: Transport,
  init: Partial<TransportRequest> = {},
): Promise<string> {
  const response = await transport.request({ method: "GET", path: "/x", ...init });
  return new TextDecoder().decode(await response.bytes(1 << 20));
}

/** Whether an error is a `TransportError` of this kind; for `assert.rejects`. */
export function ofKind(kind: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TransportError, String(error));
    assert.equal(error.kind, kind, error.message);
    return true;
  };
}
