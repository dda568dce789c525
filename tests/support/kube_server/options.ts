/** How a fake API server is set up. */

import type { CertificateAuthority } from "#tests/support/certificates.ts";
import type { User } from "#tests/support/kube_server/access.ts";
import type { JsonObject } from "#tests/support/kube_server/json.ts";

/** Everything has a default. */
export interface KubeServerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** `false`: plain HTTP/1.1. Default: a fresh authority. */
  readonly tls?: false | {
    readonly authority?: CertificateAuthority;
    /** Names in the certificate. Default `localhost`. */
    readonly dnsNames?: readonly string[];
    /** Addresses in the certificate. Default `127.0.0.1` and `::1`. */
    readonly ipAddresses?: readonly string[];
    /** Default: tomorrow. */
    readonly notAfter?: Date;
    /** Refuse connections without a client certificate. Default false; one that is given is always used. */
    readonly requireClientCertificate?: boolean;
  };
  /** `false`: HTTP/1.1 only. Default true. */
  readonly http2?: boolean;
  /** Default 250, as the real server. */
  readonly maxConcurrentStreams?: number;
  /** In front of every path, without trailing slash. Default empty. */
  readonly pathPrefix?: string;
  /** Token → user. Without any, every request is the administrator's. */
  readonly users?: Readonly<Record<string, User>>;
  /** Default 1000. */
  readonly firstResourceVersion?: number;
  /** Changes kept for watches and old pages. Default 10,000. */
  readonly historyLimit?: number;
  /** Default true; `false` as servers before 1.27. */
  readonly aggregatedDiscovery?: boolean;
  /** Body of `/version`, merged over the default. */
  readonly version?: JsonObject;
  /** A watch whose peer leaves more unread is cut off. Default 64 MiB. */
  readonly maxBufferedBytes?: number;
  /** Default: the real time. */
  readonly now?: () => Date;
}
