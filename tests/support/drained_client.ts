/**
 * A program with a gRPC client whose only server drains: bytes of HTTP/2 by hand, so that frames come exactly then.
 * Argument `guard` installs the guard of the library first. Prints `alive` when it has outlived the end of the
 * connection. Run with `MALLOC_PERTURB_`, it dies of any use of freed memory, not now and then.
 */

import * as grpc from "@grpc/grpc-js";
import { installHttp2Guard } from "#lib/grpc_resolver/http2_guard.ts";
import { eventually } from "#tests/support/eventually.ts";

const [SETTINGS, GOAWAY, ACK] = [4, 7, 1];
const READY_MS = 4000;

function frame(type: number, flags: number, payload: readonly number[] = []): Uint8Array {
  return new Uint8Array([0, 0, payload.length, type, flags, 0, 0, 0, 0, ...payload]);
}

/** Accepts one connection, greets, and says when the client has ended it. */
async function serve(listener: Deno.TcpListener) {
  const conn = await listener.accept();
  await conn.write(frame(SETTINGS, 0));
  await conn.write(frame(SETTINGS, ACK));
  return {
    drain: () => conn.write(frame(GOAWAY, 0, [0, 0, 0, 0, 0, 0, 0, 0])),
    ended: Array.fromAsync(conn.readable, ({ length }) => length).catch(() => "reset"),
  };
}

if (Deno.args[0] === "guard") await installHttp2Guard();
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const serving = serve(listener);
const address = `127.0.0.1:${listener.addr.port}`;
const client = new grpc.Client(address, grpc.credentials.createInsecure());
await new Promise<void>((resolve, reject) =>
  client.waitForReady(Date.now() + READY_MS, (error) => error ? reject(error) : resolve())
);
const { drain, ended } = await serving;
await drain();
await ended;
const { IDLE } = grpc.connectivityState;
const tryToConnect = false;
const state = () => client.getChannel().getConnectivityState(tryToConnect);
await eventually("it is idle", () => state() === IDLE);
Deno.stdout.writeSync(new TextEncoder().encode("alive\n"));
Deno.exit(0);
