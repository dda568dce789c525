/** The outcome of configuration loading: which server, how to trust it, who to be. Plain data. */

/** Text given in place or in a file (path absolute or relative to the process). */
export interface TextSource {
  /** The text itself; wins over the file. */
  readonly text?: string | undefined;
  /** Path of a file with the text. */
  readonly file?: string | undefined;
}

/** An exec credential plugin as configured. */
export interface ExecPlugin {
  /** Version of the protocol, `client.authentication.k8s.io/v1` or `/v1beta1`. */
  readonly apiVersion: string;
  /** Bare name, or a path already resolved against the kubeconfig's directory. */
  readonly command: string;
  /** Arguments; may hold secrets. */
  readonly args: readonly string[];
  /** Variables added to the environment; may hold secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether the plugin may ask the user on the terminal. */
  readonly interactiveMode: "Never" | "IfAvailable" | "Always";
  /** Whether the plugin is told about the cluster. */
  readonly provideClusterInfo: boolean;
  /** For people, when the program does not exist. */
  readonly installHint?: string | undefined;
  /** Extension `client.authentication.k8s.io/exec` of the cluster. */
  readonly clusterConfig?: unknown;
}

/** Who the server shall act as. */
export interface Impersonation {
  /** User name. */
  readonly user: string;
  /** User id. */
  readonly uid?: string | undefined;
  /** Groups, sent as one header line each. */
  readonly groups?: readonly string[] | undefined;
  /** Further attributes. */
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Everything needed to talk to one API server as one user. */
export interface KubeConnection {
  /** `http` or `https` URL with an optional path prefix, no trailing slash. */
  readonly server: string;
  /** Default namespace, `default` when nothing says otherwise. */
  readonly namespace?: string | undefined;
  /** Replaces the system's roots. */
  readonly certificateAuthority?: TextSource | undefined;
  /** Name for SNI and verification instead of the host. */
  readonly serverName?: string | undefined;
  /** Accept any certificate. */
  readonly insecure?: boolean | undefined;
  /**
   * Already decided: from the kubeconfig, flags or the environment. With a user name in it, the loader makes it a
   * property that is not enumerable, so that nothing shows it: it has to be named, a copy of all members lacks it.
   */
  readonly proxyUrl?: string | undefined;
  /** Where the proxy is from, for people: `proxy-url`, `--proxy-url`, `HTTPS_PROXY`. */
  readonly proxyOrigin?: string | undefined;
  /** Do not ask for compressed answers. */
  readonly disableCompression?: boolean | undefined;
  /** PEM of the certificate to present. */
  readonly clientCertificate?: TextSource | undefined;
  /** PEM of its key. */
  readonly clientKey?: TextSource | undefined;
  /** Bearer token. */
  readonly token?: TextSource | undefined;
  /** Gives the bearer token of each request; `refresh` after a 401. Beats `token`, `basic` and `exec`. */
  readonly fetchToken?: ((refresh: boolean) => Promise<string>) | undefined;
  /** User name and password for basic authentication. */
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
  /** Program that gives credentials. */
  readonly exec?: ExecPlugin | undefined;
  /** Act as somebody else. */
  readonly impersonate?: Impersonation | undefined;
  /** Attach credentials to a plain `http` server; for tests only. */
  readonly allowInsecureCredentials?: boolean | undefined;
  /** What was chosen and why, for people: `context "x" of /home/me/.kube/config`. */
  readonly origin?: string | undefined;
}
