/**
 * An HTTP server with a beginning and an end: bound address known when `startServer` returns, requests in
 * flight finished at the stop, nothing waited for beyond the deadline.
 */

import type { Logger } from "#lib/log/logger.ts";
import { ALL_INTERFACES } from "./address.ts";
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
  /** Certificate chain and key in PEM; HTTP without TLS when absent. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** A listening server. */
export interface RunningServer {
  /** Where it really listens; the port is the bound one. */
  readonly address: { readonly hostname: string; readonly port: number };
  /**
   * Stops accepting and waits for requests in flight, at most until `deadline` is aborted. What is open
   * then ends with the process. Idempotent.
   */
  stop(deadline: AbortSignal): Promise<void>;
  /** Resolves when every connection is gone, which may be after `stop`. */
  readonly finished: Promise<void>;
}

/**
 * Listens and serves.
 *
 * @throws {Error} naming server and address when it cannot listen there
 */
export function startServer(
  { name, address, handler, tls }: ServerOptions,
  { log }: { readonly log: Logger },
): RunningServer {
  const listen = (hostname: string) =>
    Deno.serve({
      hostname,
      port: address.port,
      ...(tls !== undefined && { cert: tls.cert, key: tls.key }),
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
      stopped ??= drain(server, { name, deadline, log });
      return stopped;
    },
    finished: server.finished,
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
    const [both, ipv4] = ALL_INTERFACES;
    try {
      return listen(both);
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) throw error;
      return listen(ipv4);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot listen on ${shown} for the ${name} listener: ${reason}`, {
      cause: error,
    });
  }
}

/** How long a server may take to stop whose deadline was over before it was told to. */
const LATE_MS = 50;

/**
 * Aborting the server's signal after `shutdown` has begun ends in an uncaught BadResource and cuts nothing
 * (Deno 2.9.6), so the runtime offers a drain or a cut, not one after the other. The drain is the one that
 * matters; a connection that outlives it is closed by the end of the process.
 */
async function drain(
  server: Deno.HttpServer,
  { name, deadline, log }: {
    readonly name: string;
    readonly deadline: AbortSignal;
    readonly log: Logger;
  },
): Promise<void> {
  // Whoever is stopped when the time is over already still gets as much as an idle server needs.
  const late = deadline.aborted ? AbortSignal.timeout(LATE_MS) : deadline;
  const expired = Promise.withResolvers<"expired">();
  const onDeadline = () => expired.resolve("expired");
  late.addEventListener("abort", onDeadline, { once: true });
  const outcome = await Promise.race([server.shutdown(), expired.promise]);
  late.removeEventListener("abort", onDeadline);
  if (outcome === "expired") log.warn("requests were still open at the stop", { listener: name });
}
