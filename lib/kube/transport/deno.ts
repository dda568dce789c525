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
  let isConnected = false;
  const onAbort = () => close(open);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const tcp = open = await Deno.connect({ hostname: host, port, signal });
    isConnected = true;
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
    close(open);
    if (isConnected && !isBroken(cause)) return undefined;
    throw new TransportError("connect", `Cannot connect to ${server}: ${textOf(cause)}`, { cause });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Whether the connection went away; whatever else goes wrong in a handshake is about certificates and protocols. */
function isBroken(cause: unknown): boolean {
  const { BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof } = Deno.errors;
  return [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof]
    .some((kind) => cause instanceof kind);
}

/** Also one that the runtime has taken for a handshake, which did not begin. */
function close(connection: Deno.Conn | undefined): void {
  try {
    connection?.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
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
