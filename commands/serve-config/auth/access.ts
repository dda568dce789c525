/** Everything about who may read, made of the options: the guard, and the listener's certificates. */

import type { KubeSettings } from "#lib/kube/deno_client.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { NamedObjects } from "./applications.ts";
import { createBearer } from "./bearer.ts";
import type { AuthSettings, TlsFiles } from "./flags.ts";
import { createGuard } from "./guard.ts";
import type { Authenticator } from "./identity.ts";
import { createLineReader } from "./secret_file.ts";

/** What it needs. */
export interface AccessDeps {
  /** The way to the API server, for reviews of tokens. */
  readonly kube: KubeSettings;
  /** Objects that keys may name; absent where they name none. */
  readonly objects?: NamedObjects | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The access control of a server. */
export interface Access {
  /** Says no; absent when everybody may read. */
  readonly deny: ((request: Request, key: string) => Promise<Response | undefined>) | undefined;
  close(): Promise<void>;
}

/** Makes it. @throws {Error} when the token file cannot be read */
export async function createAccess(settings: AuthSettings, deps: AccessDeps): Promise<Access> {
  const { methods, tokenFile, audience, authz } = settings;
  if (methods.length === 0) return { deny: undefined, close: () => Promise.resolve() };
  const authenticators: Authenticator[] = [];
  let close = () => Promise.resolve();
  if (tokenFile !== undefined) {
    const readLines = createLineReader(tokenFile, deps);
    await readLines();
    authenticators.push(createBearer(readLines));
  }
  if (methods.includes("tokenreview")) {
    const [{ createTokenReview }, { createKubeReviewer }] = await Promise.all([
      import("./token_review.ts"),
      import("./kube_reviewer.ts"),
    ]);
    const reviewer = createKubeReviewer(deps.kube, deps);
    authenticators.push(createTokenReview({ audience, authz }, { reviewer, clock: deps.clock }));
    close = () => reviewer.close();
  }
  const certified = methods.includes("mtls") ? await openCertified(authz) : undefined;
  return { deny: createGuard({ authenticators, certified, ...deps }), close };
}

async function openCertified(authz: AuthSettings["authz"]) {
  const [{ createCertified }, { clientCertificateOf }] = await Promise.all([
    import("./mtls.ts"),
    import("#lib/http/client_cert_server.ts"),
  ]);
  return createCertified({ authz }, clientCertificateOf);
}

/** Certificates in PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
}

/** Reads the files. @throws {Error} naming the one that cannot be read */
export async function readTls(files: TlsFiles): Promise<TlsMaterial> {
  const read = async (path: string) => {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Cannot read "${path}" for TLS: ${reason}`, { cause: error });
    }
  };
  const { certFile, keyFile, clientCaFile } = files;
  return {
    cert: await read(certFile),
    key: await read(keyFile),
    clientCa: clientCaFile === undefined ? undefined : await read(clientCaFile),
  };
}
