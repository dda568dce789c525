/**
 * A server over TLS whose certificate can be replaced while it runs. `Deno.serve` takes a certificate once, so
 * the listener is replaced: requests in flight finish on the old one, new connections come to the new one.
 */

import type { Logger } from "#lib/log/logger.ts";
import { aborted } from "#lib/run/aborted.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { formatAddress } from "./address.ts";
import { startServer } from "./server.ts";
import type { RunningServer, ServerOptions } from "./server.ts";

/** Certificate chain and key in PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** A server that takes another certificate. */
export interface RenewableServer extends RunningServer {
  /**
   * Serves new connections with another certificate from then on.
   *
   * @throws {Error} when the pair cannot be used, or nobody may listen there again; the old one stays in use
   */
  renew(tls: TlsPair): Promise<void>;
}

/** What it needs. */
export interface RenewableServerDeps {
  readonly log: Logger;
  readonly clock: Clock;
}

const LONGEST_PAUSE_MS = 1000;
/** How often it is said that the address is not free. */
const REPORT_MS = 60_000;

/**
 * Listens and serves.
 *
 * @throws {Error} naming server and address when it cannot listen there
 */
export function startRenewableServer(
  options: ServerOptions & { readonly tls: TlsPair },
  { log, clock }: RenewableServerDeps,
): RenewableServer {
  let current = startServer(options, { log });
  const { address } = current;
  const earlier = new Set<RunningServer>();
  const stopping = new AbortController();
  const finished = Promise.withResolvers<void>();
  let stopped: Promise<void> | undefined;
  let renewing = Promise.resolve();

  async function listenAgain(tls: TlsPair): Promise<void> {
    let pauseMs = 1;
    let reportedAt = -Infinity;
    while (!stopping.signal.aborted) {
      try {
        current = startServer({ ...options, address, tls }, { log });
        return;
      } catch (err) {
        // The address is free as soon as the runtime has closed the listener, in a moment.
        if (pauseMs >= LONGEST_PAUSE_MS && clock.monotonic() - reportedAt >= REPORT_MS) {
          reportedAt = clock.monotonic();
          log.error("renewed certificate: cannot listen again, trying on", { err });
        }
      }
      await sleep(pauseMs, { clock, signal: stopping.signal }).catch(() => {
        // Stopping; the loop ends.
      });
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  async function replace(tls: TlsPair): Promise<void> {
    if (stopping.signal.aborted) return;
    const old = current;
    earlier.add(old);
    // No deadline: whoever is being answered may finish, a waiting client too.
    void old.stop(new AbortController().signal);
    void old.finished.then(() => earlier.delete(old));
    await listenAgain(tls);
  }

  async function stop(deadline: AbortSignal): Promise<void> {
    stopping.abort();
    await renewing;
    const servers = [current, ...earlier];
    void Promise.all(servers.map((server) => server.finished)).then(() => finished.resolve());
    // Those before were told to stop without a deadline.
    await Promise.race([
      Promise.all(servers.map((server) => server.stop(deadline))),
      aborted(deadline),
    ]);
  }

  return {
    address,
    finished: finished.promise,
    async renew(tls) {
      checkPair(tls);
      checkMayListen(address);
      renewing = renewing.then(() => replace(tls));
      await renewing;
    },
    stop: (deadline) => stopped ??= stop(deadline),
  };
}

/**
 * Checks that the runtime allows to listen at an address, before the listener that is there is closed for another
 * one. A sandbox made for port 0 allows any free port once and the one that it became never again.
 *
 * @throws {Error} when not
 */
function checkMayListen(address: { readonly hostname: string; readonly port: number }): void {
  const host = formatAddress(address);
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  throw new Error(
    `Cannot listen on ${host} again: the sandbox does not allow it; give the listener a port instead of 0`,
  );
}

/**
 * Checks that certificate and key can be read and belong together, and that authorities can be read. There is no
 * function for it in the runtime; a client that would show and trust them checks them alike.
 *
 * @throws {Error} when not
 */
export function checkPair({ cert, key, clientCa }: TlsPair & { readonly clientCa?: string }): void {
  Deno.createHttpClient({ cert, key, ...(clientCa !== undefined && { caCerts: [clientCa] }) })
    .close();
}
