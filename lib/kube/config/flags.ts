/** The flags that every command which talks to Kubernetes has, as parsed values. */

/** Values of the global flags; unset means not given. */
export interface KubeFlags {
  /** Exactly this file, no merging. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly namespace?: string | undefined;
  readonly inCluster?: boolean | undefined;
  readonly server?: string | undefined;
  readonly certificateAuthority?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly as?: string | undefined;
  readonly asUid?: string | undefined;
  readonly asGroups?: readonly string[] | undefined;
  /** `key=value`, repeatable. */
  readonly asUserExtra?: readonly string[] | undefined;
  readonly proxyUrl?: string | undefined;
  readonly allowInsecureCredentials?: boolean | undefined;
  /** Ignore proxy variables. */
  readonly noEnvProxy?: boolean | undefined;
}
