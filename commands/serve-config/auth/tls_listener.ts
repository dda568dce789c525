/** The application listener over TLS: its certificates come from files and are followed while it runs. */

import { startRenewableServer } from "#lib/http/renewable_server.ts";
import type { RunningServer, ServerOptions } from "#lib/http/server.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { readTls } from "./access.ts";
import type { TlsMaterial } from "./access.ts";
import type { TlsFiles } from "./flags.ts";
import { followTls } from "./renewal.ts";

/**
 * Starts it, with or without certificates of clients.
 *
 * @throws {Error} naming a file that cannot be read, or the address when it cannot listen there
 */
export async function startTlsListener(
  server: ServerOptions,
  files: TlsFiles,
  { log, clock }: { readonly log: Logger; readonly clock: Clock },
): Promise<RunningServer> {
  const material = await readTls(files);
  const { running, renew } = await listen(server, material, { log, clock });
  const stopping = new AbortController();
  const following = followTls(
    material,
    { read: () => readTls(files), renew, clock, log },
    stopping.signal,
  );
  return {
    ...running,
    async stop(deadline) {
      stopping.abort();
      // Ends a renewal under way, which the following waits for.
      await running.stop(deadline);
      await following;
    },
  };
}

async function listen(
  server: ServerOptions,
  material: TlsMaterial,
  deps: { readonly log: Logger; readonly clock: Clock },
): Promise<{ readonly running: RunningServer; renew(material: TlsMaterial): Promise<void> }> {
  const { clientCa } = material;
  if (clientCa === undefined) {
    const running = startRenewableServer({ ...server, tls: material }, deps);
    return { running, renew: (next) => running.renew(next) };
  }
  const { startClientCertServer } = await import("#lib/http/client_cert_server.ts");
  const running = await startClientCertServer({ ...server, tls: material, clientCa }, deps);
  return {
    running,
    async renew(next) {
      await running.renew({ ...next, clientCa: next.clientCa ?? clientCa });
    },
  };
}
