/**
 * TLS by Deno's own sockets: a quarter of the memory and half of the processor time that Node's layer takes
 * (docs/decisions/0060). It knows fewer cases, so `light_tls.ts` says when it is asked.
 */

import type { ByteConnection } from "#lib/http2/byte_connection.ts";
import { TransportError } from "../errors.ts";
import type { LightTlsTarget } from "./contract.ts";

const READ_BYTES = 32 * 1024;

/**
 * Connects and offers HTTP/2.
 *
 * @returns `undefined` when the server's certificate was not accepted or HTTP/2 not chosen, so that Node's layer
 * has to say why or to go on
 * @throws {TransportError} `connect`, or the signal's reason
 */
export async function openLightTls(
  { server, host, port, name, ca, signal }: LightTlsTarget,
): Promise<ByteConnection | undefined> {
  let open: Deno.TcpConn | Deno.TlsConn | undefined;
  const onAbort = () => open?.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const tcp = open = await Deno.connect({ hostname: host, port, signal });
    tcp.setNoDelay();
    const tls = open = await Deno.startTls(tcp, {
      hostname: name,
      caCerts: [ca],
      alpnProtocols: ["h2", "http/1.1"],
    });
    const { alpnProtocol } = await tls.handshake();
    signal.throwIfAborted();
    if (alpnProtocol === "h2") return bytesOf(tls);
    tls.close();
    return undefined;
  } catch (cause) {
    signal.throwIfAborted();
    open?.close();
    // The library's word for everything that is wrong with certificates and versions of the protocol.
    if (cause instanceof Deno.errors.InvalidData) return undefined;
    throw new TransportError("connect", `Cannot connect to ${server}: ${textOf(cause)}`, { cause });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function bytesOf(connection: Deno.TlsConn): ByteConnection {
  const buffer = new Uint8Array(READ_BYTES);
  let isOpen = true;
  return {
    async read() {
      const length = await connection.read(buffer);
      return length === null ? undefined : buffer.subarray(0, length);
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    },
    close() {
      if (isOpen) connection.close();
      isOpen = false;
    },
    ref: () => connection.ref(),
    unref: () => connection.unref(),
  };
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/ \(os error \d+\)$/, "") : String(cause);
}
