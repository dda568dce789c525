/** The outcome of configuration loading: which server, how to trust it, who to be. Plain data. */

/** Text given in place or in a file (path absolute or relative to the process). */
export interface TextSource {
  readonly text?: string | undefined;
  readonly file?: string | undefined;
}

/** An exec credential plugin as configured. */
export interface ExecPlugin {
  readonly apiVersion: string;
  /** Bare name, or a path already resolved against the kubeconfig's directory. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly interactiveMode: "Never" | "IfAvailable" | "Always";
  readonly provideClusterInfo: boolean;
  readonly installHint?: string | undefined;
  /** Extension `client.authentication.k8s.io/exec` of the cluster. */
  readonly clusterConfig?: unknown;
}

/** Who the server shall act as. */
export interface Impersonation {
  readonly user: string;
  readonly uid?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Everything needed to talk to one API server as one user. */
export interface KubeConnection {
  /** `http` or `https` URL with an optional path prefix, no trailing slash. */
  readonly server: string;
  /** Default namespace, `default` when nothing says otherwise. */
  readonly namespace?: string | undefined;
  readonly certificateAuthority?: TextSource | undefined;
  readonly serverName?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly proxyUrl?: string | undefined;
  readonly disableCompression?: boolean | undefined;
  readonly clientCertificate?: TextSource | undefined;
  readonly clientKey?: TextSource | undefined;
  readonly token?: TextSource | undefined;
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
  readonly exec?: ExecPlugin | undefined;
  readonly impersonate?: Impersonation | undefined;
  /** Attach credentials to a plain `http` server; for tests only. */
  readonly allowInsecureCredentials?: boolean | undefined;
  /** What was chosen and why, for people: `context "x" of /home/me/.kube/config`. */
  readonly origin?: string | undefined;
}
