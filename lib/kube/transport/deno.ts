/**
 * TLS by Deno's own sockets: 16 MiB less memory and half of the processor time that Node's layer takes
 * (docs/decisions/0060). It knows fewer cases, so `light_tls.ts` says when it is asked.
 */

import type { ByteConnection } from "#lib/http2/byte_connection.ts";
import { sleep, systemClock } from "#lib/run/clock.ts";
import { sparingClock } from "#lib/run/sparing_clock.ts";
import { TransportError } from "../errors.ts";
import type { LightTlsTarget } from "./contract.ts";

const READ_BYTES = 32 * 1024;
/** Of reads that wait for nothing; all timers and signals wait as long. */
const MAX_TURN_MS = 20;
/** One of so many reads is looked at, for looking takes as long as a small read. */
const LOOKED_AT = 16;

/** What of TLS says nothing about certificates, names or versions of the protocol. */
const BROKEN = [
  Deno.errors.UnexpectedEof,
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
  Deno.errors.TimedOut,
];

/**
 * Connects and offers HTTP/2.
 *
 * @returns `undefined` when TLS was refused, by whichever end, or HTTP/2 not chosen, so that Node's layer has to say
 * why or to go on
 * @throws {TransportError} `connect`, or the signal's reason
 */
export async function openLightTls(
  { server, host, port, name, ca, signal, onAbandoned }: LightTlsTarget,
): Promise<ByteConnection | undefined> {
  let open: Deno.TcpConn | Deno.TlsConn | undefined;
  let isHandshaking = false;
  const close = () => {
    try {
      open?.close();
    } catch {
      // Closed before, or taken over by TLS, which has closed it.
    }
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    // The signal may come while a result is on its way: it found nothing to close then.
    open = await Deno.connect({ hostname: host, port, signal });
    signal.throwIfAborted();
    open.setNoDelay();
    isHandshaking = true;
    const tls = open = await Deno.startTls(open, {
      hostname: name,
      caCerts: [ca],
      alpnProtocols: ["h2", "http/1.1"],
    });
    signal.throwIfAborted();
    const { alpnProtocol } = await tls.handshake();
    isHandshaking = false;
    signal.throwIfAborted();
    if (alpnProtocol === "h2") return bytesOf(tls);
    close();
    return undefined;
  } catch (cause) {
    close();
    if (signal.aborted && isHandshaking) onAbandoned();
    signal.throwIfAborted();
    const isRefused = open !== undefined && !BROKEN.some((kind) => cause instanceof kind);
    if (isRefused) return undefined;
    throw new TransportError("connect", `Cannot connect to ${server}: ${textOf(cause)}`, { cause });
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function bytesOf(connection: Deno.TlsConn): ByteConnection {
  const buffer = new Uint8Array(READ_BYTES);
  const closing = new AbortController();
  const clock = sparingClock(systemClock);
  let reads = 0;
  /** Since when no read that was looked at had to wait. */
  let busySinceMs: number | undefined;

  async function takeTurn(reading: Promise<unknown>): Promise<void> {
    if (!await isHere(reading)) {
      busySinceMs = undefined;
      return;
    }
    busySinceMs ??= performance.now();
    if (performance.now() - busySinceMs < MAX_TURN_MS) return;
    await sleep(0, { clock, signal: closing.signal });
    busySinceMs = undefined;
  }

  return {
    async read() {
      const reading = connection.read(buffer);
      // A peer that sends faster than its frames are looked at would stop everything else.
      if (++reads % LOOKED_AT === 0) await takeTurn(reading);
      const length = await reading;
      return length === null ? undefined : buffer.subarray(0, length);
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    },
    close() {
      if (closing.signal.aborted) return;
      closing.abort();
      connection.close();
    },
    ref: () => connection.ref(),
    unref: () => connection.unref(),
  };
}

/** Whether a read was done at once, without a turn of the event loop. */
async function isHere(reading: Promise<unknown>): Promise<boolean> {
  let isDone = false;
  const finish = () => void (isDone = true);
  reading.then(finish, finish);
  for (let turn = 0; turn < 3; turn++) await undefined;
  return isDone;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/ \(os error \d+\)$/, "") : String(cause);
}
