/** What HTTP/2 needs of a connection; TLS of any runtime can be made to look like this. */

/** An open connection. */
export interface ByteConnection {
  /**
   * The next bytes, valid until the next call; `undefined` when the peer has ended the connection.
   *
   * @throws when the connection broke
   */
  read(): Promise<Uint8Array | undefined>;
  /** Sends all of the bytes. @throws when the connection broke */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends it at once, with what reads and writes; idempotent. */
  close(): void;
  /** A read that waits keeps the process alive, as it does at first. */
  ref(): void;
  /** It does not. */
  unref(): void;
}
