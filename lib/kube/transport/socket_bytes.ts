/** A socket of Node's layer as a connection of bytes. */

import type { Socket } from "node:net";
import type { ByteConnection } from "#lib/http2/byte_connection.ts";

/** The connection; the socket is its own from now on. */
export function socketBytes(socket: Socket): ByteConnection {
  const pieces = socket.iterator({ destroyOnReturn: true })[Symbol.asyncIterator]();
  return {
    async read() {
      const { done, value } = await pieces.next();
      return done === true ? undefined : value;
    },
    write(bytes) {
      return new Promise((resolve, reject) => {
        socket.write(bytes, (error) => error ? reject(error) : resolve());
      });
    },
    close: () => void socket.destroy(),
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
  };
}
