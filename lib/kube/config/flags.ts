/** The flags that every command which talks to Kubernetes has, as parsed values. */

/** Values of the global flags; unset means not given. */
export interface KubeFlags {
  /** Exactly this file, no merging. */
  readonly kubeconfig?: string | undefined;
  /** Name of the context instead of the current one. */
  readonly context?: string | undefined;
  /** Name of the cluster instead of the context's. */
  readonly cluster?: string | undefined;
  /** Name of the user instead of the context's. */
  readonly user?: string | undefined;
  /** Default namespace instead of the context's. */
  readonly namespace?: string | undefined;
  /** Use the pod's service account and nothing else. */
  readonly inCluster?: boolean | undefined;
  /** Leave the pod's service account out. */
  readonly noInCluster?: boolean | undefined;
  /** URL of the API server instead of the cluster's. */
  readonly server?: string | undefined;
  /** File of the authority that signs the server's certificate. */
  readonly certificateAuthority?: string | undefined;
  /** Accept any certificate of the server. */
  readonly insecureSkipTlsVerify?: boolean | undefined;
  /** Name to verify the server's certificate against. */
  readonly tlsServerName?: string | undefined;
  /** Bearer token instead of the user's credentials. */
  readonly token?: string | undefined;
  /** File of a bearer token, read again as it changes. */
  readonly tokenFile?: string | undefined;
  /** File of a client certificate. */
  readonly clientCertificate?: string | undefined;
  /** File of its key. */
  readonly clientKey?: string | undefined;
  /** User to impersonate. */
  readonly as?: string | undefined;
  /** Uid to impersonate; needs a user. */
  readonly asUid?: string | undefined;
  /** Groups to impersonate; need a user. */
  readonly asGroups?: readonly string[] | undefined;
  /** `key=value`, repeatable. */
  readonly asUserExtra?: readonly string[] | undefined;
  /** Proxy instead of the cluster's and the environment's. */
  readonly proxyUrl?: string | undefined;
  /** Send credentials to a plain `http` server; for tests only. */
  readonly allowInsecureCredentials?: boolean | undefined;
  /** Ignore proxy variables. */
  readonly noEnvProxy?: boolean | undefined;
}
