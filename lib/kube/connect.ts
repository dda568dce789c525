/** From a configuration to a transport: credentials, certificates that rotate, impersonation. */

import type { Clock } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import { createAuthorization } from "./auth/authorization.ts";
import { ExecCredentials } from "./auth/exec_credentials.ts";
import { impersonationHeaders } from "./auth/impersonation.ts";
import { TlsMaterial } from "./auth/tls_material.ts";
import type { KubeConnection } from "./config/connection.ts";
import type { KubeClientOptions } from "./contract.ts";
import { KubeConfigError } from "./errors.ts";
import type { KubeMetrics } from "./metrics.ts";
import type { KubePlatform } from "./platform.ts";
import type { HeaderValues, Transport } from "./transport/contract.ts";
import { createTransport } from "./transport/transport.ts";

/** A way to the server. */
export interface Connection {
  readonly transport: Transport;
  /** To be sent with each request. */
  readonly headers: HeaderValues;
}

/** Options of `connect`. */
export interface ConnectOptions
  extends Pick<KubeClientOptions, "config" | "platform" | "transport" | "transportOptions"> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: KubeMetrics;
}

/** Makes the transport, without dialling. @throws {KubeConfigError} when neither config nor transport is given */
export function connect(options: ConnectOptions): Connection {
  const { config, transport, transportOptions, clock, logger, metrics } = options;
  const headers = config?.impersonate === undefined ? {} : impersonationHeaders(config.impersonate);
  if (transport !== undefined) return { transport, headers };
  if (config === undefined) {
    throw new KubeConfigError("Cannot make a Kubernetes client: no configuration given");
  }
  const deps = { platform: options.platform ?? missingPlatform(config), clock, logger, metrics };
  if (config.insecure === true) {
    logger.warn("server certificate is not verified", { server: config.server });
  }
  const recycle = () => inner.recycle("credentials");
  const exec = config.exec === undefined
    ? undefined
    : new ExecCredentials({ plugin: config.exec, config, onCertificateChange: recycle }, deps);
  const tls = new TlsMaterial({ config, exec, onChange: recycle }, deps);
  const inner = createTransport({
    server: config.server,
    tls: () => tls.current(),
    proxyUrl: config.proxyUrl,
    authorization: createAuthorization({ config, exec }, deps),
    openLightTls: options.platform?.openLightTls,
    clock,
    logger,
    onRecycle: (reason) => metrics.transportRecycle(reason),
    ...transportOptions,
  });
  return {
    headers,
    transport: {
      request: (init) => inner.request(init),
      recycle: (reason) => inner.recycle(reason),
      close() {
        tls.close();
        exec?.close();
        return inner.close();
      },
    },
  };
}

function missingPlatform(config: KubeConnection): KubePlatform {
  const refuse = (what: string) => {
    const origin = config.origin ?? config.server;
    throw new KubeConfigError(
      `Cannot ${what} for ${origin}: the client was made without a platform`,
    );
  };
  return {
    readTextFile: (path) => refuse(`read "${path}"`),
    env: () => undefined,
    run: (command) => refuse(`run "${command}"`),
    stdinIsTerminal: () => false,
    os: "unknown",
    arch: "unknown",
  };
}
