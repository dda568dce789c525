/**
 * Flags of every command that talks to Kubernetes, under kubectl's names (kube-client.md 2.2), and those that
 * print or check its rights (15.5).
 */

import {
  boolFlag,
  choiceFlag,
  durationFlag,
  listFlag,
  numberFlag,
  optionalTextFlag,
} from "./flag.ts";
import type { FlagValues } from "./flag.ts";

const CATEGORY = "Kubernetes";

function text(brief: string, placeholder: string) {
  return optionalTextFlag({ brief, category: CATEGORY, placeholder });
}

function off(brief: string) {
  return boolFlag({ brief, category: CATEGORY, default: "false" });
}

/** Which server, as whom, and how much. */
export const KUBE_FLAGS = {
  kubeconfig: text("Use exactly this kubeconfig file", "FILE"),
  context: text("Context of the kubeconfig", "NAME"),
  cluster: text("Cluster of the kubeconfig instead of the context's", "NAME"),
  user: text("User of the kubeconfig instead of the context's", "NAME"),
  namespace: listFlag({ brief: "Namespace", category: CATEGORY, short: "n", placeholder: "NAME" }),
  "in-cluster": off("Use the service account of the pod and nothing else"),
  server: text("URL of the API server", "URL"),
  "certificate-authority": text("File with the certificates to trust", "FILE"),
  "insecure-skip-tls-verify": off("Do not verify the server's certificate"),
  "tls-server-name": text("Name to expect in the server's certificate", "NAME"),
  token: optionalTextFlag({
    brief: "Bearer token; visible in process lists, so prefer --token-file",
    category: CATEGORY,
    placeholder: "TOKEN",
    sensitive: "secret",
  }),
  "token-file": text("File with the bearer token, read again when it changes", "FILE"),
  "client-certificate": text("File with the client certificate", "FILE"),
  "client-key": text("File with the key of the client certificate", "FILE"),
  as: text("User to act as", "USER"),
  "as-uid": text("Id of the user to act as", "UID"),
  "as-group": listFlag({
    brief: "Group to act as, several times for several",
    category: CATEGORY,
    placeholder: "GROUP",
  }),
  "as-user-extra": listFlag({
    brief: "Extra attribute of the user to act as, several times for several",
    category: CATEGORY,
    placeholder: "KEY=VALUE",
  }),
  "proxy-url": optionalTextFlag({
    brief: "Proxy to the API server: http, https or socks5",
    category: CATEGORY,
    placeholder: "URL",
    sensitive: "url",
  }),
  "no-env-proxy": off("Ignore HTTPS_PROXY and NO_PROXY"),
  "request-timeout": durationFlag({
    brief: "Longest time for one request that is no stream, 0 for no limit",
    category: CATEGORY,
    default: "30s",
    minMs: 0,
  }),
  "kube-api-qps": numberFlag({
    brief: "Requests a second, negative for no limit",
    category: CATEGORY,
    default: "20",
    min: -1,
    max: 10_000,
    fraction: true,
  }),
  "kube-api-burst": numberFlag({
    brief: "Requests that may go at once",
    category: CATEGORY,
    default: "40",
    min: 1,
    max: 10_000,
  }),
  "user-agent": text("User-Agent to send", "TEXT"),
  "no-api-warnings": off("Do not log warnings of the API server"),
  "kube-trace-bodies": off("With --log-level=debug: log bodies too, without secrets"),
} as const;

/** Printing the rights a command needs. */
export const RBAC_FLAGS = {
  "print-rbac": boolFlag({
    brief: "Print the RBAC objects that grant what these options need, and stop",
    category: "Rights",
    default: "false",
  }),
  "cluster-role": boolFlag({
    brief: "With --print-rbac: a ClusterRole instead of a Role per namespace",
    category: "Rights",
    default: "false",
  }),
  "all-namespaces": boolFlag({
    brief: "Another word for --cluster-role",
    category: "Rights",
    default: "false",
  }),
  name: optionalTextFlag({
    brief: "With --print-rbac: name of the objects, kcfg-COMMAND by default",
    category: "Rights",
    placeholder: "NAME",
  }),
  serviceaccount: optionalTextFlag({
    brief: "With --print-rbac: existing account to bind, NAME or NAMESPACE:NAME",
    category: "Rights",
    placeholder: "ACCOUNT",
  }),
  "rbac-format": choiceFlag<"yaml" | "json">({
    brief: "With --print-rbac: form of the objects",
    category: "Rights",
    default: "yaml",
    choices: ["yaml", "json"],
  }),
} as const;

/** What `--print-rbac` prints; `undefined` when it is not given. */
export function toRbacOptions(values: FlagValues<typeof RBAC_FLAGS>): {
  readonly clusterWide: boolean;
  readonly name: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly format: "yaml" | "json";
} | undefined {
  if (!values["print-rbac"]) return undefined;
  return {
    clusterWide: isClusterWide(values),
    name: values.name,
    serviceAccount: values.serviceaccount,
    format: values["rbac-format"],
  };
}

/** Whether a ClusterRole is wanted, by either word. */
export function isClusterWide(
  values: Pick<FlagValues<typeof RBAC_FLAGS>, "cluster-role" | "all-namespaces">,
): boolean {
  return values["cluster-role"] || values["all-namespaces"];
}

/** Everything about the way to the API server, as `lib/kube/deno_client.ts` takes it. */
export function toKubeSettings(values: FlagValues<typeof KUBE_FLAGS>): {
  readonly flags: ReturnType<typeof toKubeFlags>;
  readonly requestTimeoutMs: number;
  readonly qps: number;
  readonly burst: number;
  readonly userAgent: string | undefined;
  readonly hideApiWarnings: boolean;
  readonly traceBodies: boolean;
} {
  return {
    flags: toKubeFlags(values),
    requestTimeoutMs: values["request-timeout"],
    qps: values["kube-api-qps"],
    burst: values["kube-api-burst"],
    userAgent: values["user-agent"],
    hideApiWarnings: values["no-api-warnings"],
    traceBodies: values["kube-trace-bodies"],
  };
}

/** The connection settings as the client's configuration loader takes them. */
export function toKubeFlags(values: FlagValues<typeof KUBE_FLAGS>): {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  readonly namespace: string | undefined;
  readonly inCluster: boolean;
  readonly server: string | undefined;
  readonly certificateAuthority: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  readonly as: string | undefined;
  readonly asUid: string | undefined;
  readonly asGroups: readonly string[];
  readonly asUserExtra: readonly string[];
  readonly proxyUrl: string | undefined;
  readonly noEnvProxy: boolean;
} {
  return {
    kubeconfig: values.kubeconfig,
    context: values.context,
    cluster: values.cluster,
    user: values.user,
    namespace: values.namespace[0],
    inCluster: values["in-cluster"],
    server: values.server,
    certificateAuthority: values["certificate-authority"],
    insecureSkipTlsVerify: values["insecure-skip-tls-verify"],
    tlsServerName: values["tls-server-name"],
    token: values.token,
    tokenFile: values["token-file"],
    clientCertificate: values["client-certificate"],
    clientKey: values["client-key"],
    as: values.as,
    asUid: values["as-uid"],
    asGroups: values["as-group"],
    asUserExtra: values["as-user-extra"],
    proxyUrl: values["proxy-url"],
    noEnvProxy: values["no-env-proxy"],
  };
}
