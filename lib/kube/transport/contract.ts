/** The transport's interface: HTTP to one server, with a body that tells a clean end from a broken one. */

import type { ByteConnection } from "#lib/http2/byte_connection.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";

/** TLS of one server. PEM texts. */
export interface TlsOptions {
  /** Replaces the default roots. */
  readonly ca?: string | undefined;
  /** Certificate to present. */
  readonly cert?: string | undefined;
  /** Key of the certificate. */
  readonly key?: string | undefined;
  /** Name for SNI and verification instead of the host. */
  readonly serverName?: string | undefined;
  /** Accept any certificate. */
  readonly insecure?: boolean | undefined;
}

/** A server that the runtime's own TLS can verify. */
export interface LightTlsTarget {
  /** For people. */
  readonly server: string;
  /** Without brackets. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** What the certificate has to be for. */
  readonly name: string;
  /** PEM of the authorities. */
  readonly ca: string;
  /** Ends the attempt; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Told when that happens within the handshake and leaves a connection that only the server can end. */
  readonly onAbandoned: () => void;
}

/** Connects over HTTP/2; `undefined` when this server is nothing for it. */
export type OpenLightTls = (target: LightTlsTarget) => Promise<ByteConnection | undefined>;

/** Options of `createTransport`; times in milliseconds. */
export interface TransportOptions {
  /** `http` or `https` URL; its path is a prefix of every request. */
  readonly server: string;
  /** Fixed, or asked for at every dial (rotation: change it and call `recycle`). */
  readonly tls?: TlsOptions | (() => Promise<TlsOptions>) | undefined;
  /** Already decided by the caller: `http`, `https`, `socks5` or `socks5h`. */
  readonly proxyUrl?: string | undefined;
  /**
   * Value of `Authorization` for a request; `rejected` is the value just answered with 401. When the
   * answer then differs from `rejected` the request is repeated once.
   */
  readonly authorization?: ((rejected?: string) => Promise<string | undefined>) | undefined;
  /** TLS of the runtime's own for the servers that it can verify; Node's layer alone by default. */
  readonly openLightTls?: OpenLightTls | undefined;
  /** Offer HTTP/2; true by default. */
  readonly http2?: boolean | undefined;
  /** TCP, proxy and TLS together; 10,000 by default. */
  readonly connectTimeoutMs?: number | undefined;
  /** 30,000 by default. */
  readonly pingIntervalMs?: number | undefined;
  /** 15,000 by default; stays above the longest block of the event loop. */
  readonly pingTimeoutMs?: number | undefined;
  /** Connections without a request are closed after this time; 90,000 by default. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long a retired session may finish its streams; 60,000 by default. */
  readonly drainTimeoutMs?: number | undefined;
  /** Time; the system's by default. */
  readonly clock?: Clock | undefined;
  /** Told about connections; silent by default. */
  readonly logger?: Logger | undefined;
  /** Told each time a connection is replaced: `goaway`, `ping`, `connection`, `credentials`, `idle`. */
  readonly onRecycle?: ((reason: string) => void) | undefined;
}

/** Header values as sent and received; an array is several lines. Names in lower case. */
export type HeaderValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One request. */
export interface TransportRequest {
  /** HTTP method. */
  readonly method: string;
  /** Path and query below the server's prefix, beginning with a slash. */
  readonly path: string;
  /** Header lines; those of the connection are dropped. */
  readonly headers?: HeaderValues | undefined;
  /** Request body. */
  readonly body?: string | Uint8Array | undefined;
  /** Ends the request or the stream. */
  readonly signal?: AbortSignal | undefined;
  /** Whole request when `stream` is unset, else until the headers; 0 or undefined = none. */
  readonly timeoutMs?: number | undefined;
  /** The body is read as it comes, for as long as it takes. */
  readonly stream?: boolean | undefined;
}

/** One response. Exactly one of `body`, `bytes` and `cancel` has to be used, else the stream leaks. */
export interface TransportResponse {
  /** HTTP status. */
  readonly status: number;
  /** Header lines by lower-case name. */
  readonly headers: HeaderValues;
  /** `h2` or `http/1.1`. */
  readonly protocol: string;
  /**
   * What came since the last step, in pieces as they came. Single use; raw, not decompressed. Throws on every
   * end but a clean one; leaving the loop cancels.
   */
  readonly body: AsyncIterable<readonly Uint8Array[]>;
  /** The whole body, decompressed. @throws {TransportError} `protocol` above `maxBytes` */
  bytes(maxBytes: number): Promise<Uint8Array>;
  /** Gives the stream up; idempotent, never throws. */
  cancel(): void;
}

/** HTTP to one server. */
export interface Transport {
  /** Sends a request; resolves when the headers have come. @throws {TransportError} */
  request(init: TransportRequest): Promise<TransportResponse>;
  /** New requests use new connections; old ones end with their last stream or the drain deadline. */
  recycle(reason: string): void;
  /** Fails open streams with `closed` and ends all connections; idempotent. */
  close(): Promise<void>;
}
