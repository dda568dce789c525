/**
 * An HTTP server with a beginning and an end: bound address known when `startServer` resolves, requests in
 * flight finished at the stop, whatever still runs at the deadline cut off.
 */

import type { Logger } from "#lib/log/logger.ts";
import type { ListenAddress } from "./address.ts";
import { plain } from "./plain.ts";

/** Answers a request. Throwing is answered with 500 and logged. */
export type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

/** What to serve where. */
export interface ServerOptions {
  /** For log lines and errors, for example `application`. */
  readonly name: string;
  readonly address: ListenAddress;
  readonly handler: Handler;
}

/** A listening server. */
export interface RunningServer {
  /** Where it really listens; the port is the bound one. */
  readonly address: { readonly hostname: string; readonly port: number };
  /**
   * Stops accepting, waits for requests in flight, and when `deadline` is aborted closes what is left.
   * Idempotent; resolves when every connection is gone.
   */
  stop(deadline: AbortSignal): Promise<void>;
}

/**
 * Listens and serves.
 *
 * @throws {Error} naming server and address when it cannot listen there
 */
export function startServer(
  { name, address, handler }: ServerOptions,
  { log }: { readonly log: Logger },
): RunningServer {
  const hardStop = new AbortController();
  const listen = (hostname: string) =>
    Deno.serve({
      hostname,
      port: address.port,
      signal: hardStop.signal,
      onListen() {},
      onError(err) {
        log.error("request failed", { listener: name, err });
        return plain("server error", { status: 500 });
      },
    }, handler);
  const server = listenOn(address, { name, listen });
  let stopped: Promise<void> | undefined;
  return {
    address: { hostname: server.addr.hostname, port: server.addr.port },
    stop(deadline) {
      stopped ??= drain(server, { deadline, hardStop });
      return stopped;
    },
  };
}

function listenOn(
  address: ListenAddress,
  { name, listen }: {
    readonly name: string;
    readonly listen: (hostname: string) => Deno.HttpServer<Deno.NetAddr>;
  },
): Deno.HttpServer<Deno.NetAddr> {
  const shown = `${address.hostname ?? ""}:${address.port}`;
  try {
    if (address.hostname !== undefined) return listen(address.hostname);
    try {
      // Both families, as Go does for ":port".
      return listen("::");
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) throw error;
      return listen("0.0.0.0");
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot listen on ${shown} for the ${name} listener: ${reason}`, {
      cause: error,
    });
  }
}

/** `shutdown` waits for requests in flight, for ever if one never ends; aborting cuts those. */
async function drain(
  server: Deno.HttpServer,
  { deadline, hardStop }: { readonly deadline: AbortSignal; readonly hardStop: AbortController },
): Promise<void> {
  const cut = () => hardStop.abort();
  if (deadline.aborted) cut();
  deadline.addEventListener("abort", cut, { once: true });
  await server.shutdown();
  await server.finished;
  deadline.removeEventListener("abort", cut);
}
