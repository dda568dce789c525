/** From merged kubeconfigs and flags to one connection. */

import { type Clock, systemClock } from "#lib/run/clock.ts";
import { KubeConfigError } from "../errors.ts";
import { isJsonObject } from "../types.ts";
import type { KubeConnection } from "./connection.ts";
import { EntryReader } from "./entry_reader.ts";
import { execPlugin } from "./exec_plugin.ts";
import type { KubeFlags } from "./flags.ts";
import { impersonation } from "./impersonation.ts";
import type { Kubeconfig } from "./kubeconfig.ts";
import { BasicCredentials, SecretSource } from "./secret.ts";
import { normaliseServerUrl } from "./server_url.ts";

/** Most names that an error tells. */
const MAX_NAMES = 20;
const PROXY_SCHEMES = ["http:", "https:", "socks5:", "socks5h:"];

/**
 * The selected connection; undefined when neither a context nor flags name a server, so that the configuration
 * counts as empty.
 *
 * @throws {KubeConfigError}
 */
export function selectConnection(
  config: Kubeconfig,
  flags: KubeFlags,
  clock: Pick<Clock, "now"> = systemClock,
): KubeConnection | undefined {
  const contextName = flags.context ?? config.currentContext;
  const context = new EntryReader(
    `context "${contextName}"`,
    contextName === undefined ? undefined : existing("context", contextName, config.contexts),
  );
  const clusterName = flags.cluster ?? context.text("cluster");
  // A context's dangling cluster is an error, its dangling user means anonymous access.
  const clusterEntry = clusterName === undefined
    ? undefined
    : existing("cluster", clusterName, config.clusters);
  const userName = flags.user ?? context.text("user");
  const userEntry = flags.user === undefined
    ? config.users.get(userName ?? "")
    : existing("user", flags.user, config.users);
  const cluster = new EntryReader(`cluster "${clusterName}"`, clusterEntry);
  const user = new EntryReader(`user "${userName}"`, userEntry);
  if (clusterEntry === undefined && flags.server === undefined) return undefined;
  const origin = clusterEntry === undefined
    ? "flags"
    : `${contextName === undefined ? "cluster" : "context"} "${
      contextName ?? clusterName
    }" of "${clusterEntry.file}"`;
  return {
    ...clusterPart(cluster, flags),
    ...userPart(user, { cluster, flags, clock }),
    namespace: flags.namespace ?? context.text("namespace"),
    impersonate: impersonation(user, flags),
    allowInsecureCredentials: flags.allowInsecureCredentials,
    origin,
  };
}

/** The entry of this name. @throws {KubeConfigError} that tells the names there are */
function existing<T>(kind: string, name: string, entries: ReadonlyMap<string, T>): T {
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  const names = [...entries.keys()].sort().slice(0, MAX_NAMES);
  const more = entries.size > MAX_NAMES ? ` and ${entries.size - MAX_NAMES} more` : "";
  const known = names.length === 0 ? "there is none" : `there are ${names.join(", ")}${more}`;
  throw new KubeConfigError(`${kind} "${name}" does not exist, ${known}`);
}

type ClusterPart = Pick<
  KubeConnection,
  | "server"
  | "certificateAuthority"
  | "insecure"
  | "serverName"
  | "proxyUrl"
  | "proxyOrigin"
  | "disableCompression"
>;

function clusterPart(cluster: EntryReader, flags: KubeFlags): ClusterPart {
  const flagAuthority = flags.certificateAuthority;
  const flagInsecure = flags.insecureSkipTlsVerify === true;
  if (flagAuthority !== undefined && flagInsecure) {
    throw new KubeConfigError(
      "Cannot use --certificate-authority together with --insecure-skip-tls-verify",
    );
  }
  const certificateAuthority = flagAuthority !== undefined
    ? { file: flagAuthority }
    : flagInsecure
    ? undefined
    : cluster.source("certificate-authority");
  const insecure = flagInsecure ||
    (flagAuthority === undefined && cluster.flag("insecure-skip-tls-verify"));
  if (insecure && certificateAuthority !== undefined) {
    throw cluster.error("both a certificate authority and insecure-skip-tls-verify");
  }
  const server = flags.server ?? cluster.text("server");
  if (server === undefined) throw cluster.error("it has no server");
  const hasTls = insecure || certificateAuthority !== undefined ||
    flags.clientCertificate !== undefined;
  return {
    server: normaliseServerUrl(server, { hasTls }),
    certificateAuthority,
    insecure,
    serverName: flags.tlsServerName ??
      (flags.server === undefined ? cluster.text("tls-server-name") : undefined),
    ...proxyPart(cluster, flags),
    disableCompression: cluster.flag("disable-compression"),
  };
}

function proxyPart(
  cluster: EntryReader,
  flags: KubeFlags,
): Pick<KubeConnection, "proxyUrl" | "proxyOrigin"> {
  const origin = flags.proxyUrl === undefined ? "proxy-url" : "--proxy-url";
  const proxyUrl = flags.proxyUrl ?? cluster.text("proxy-url");
  return proxyUrl === undefined
    ? {}
    : { proxyUrl: checkProxy(proxyUrl, origin), proxyOrigin: origin };
}

/** The URL, if it is one of a proxy. @throws {KubeConfigError} that names where it is from and does not show it */
export function checkProxy(proxyUrl: string, origin: string): string {
  // The URL itself may hold a password.
  const refuse = (state: string) =>
    new KubeConfigError(`Cannot use the proxy URL of ${origin}: ${state}`);
  const url = URL.canParse(proxyUrl) ? new URL(proxyUrl) : undefined;
  if (url === undefined || !PROXY_SCHEMES.includes(url.protocol)) {
    throw refuse("it is not http, https, socks5 or socks5h");
  }
  try {
    decodeURIComponent(`${url.username}:${url.password}`);
  } catch {
    throw refuse("a percent sign in user name or password is to be written as %25");
  }
  return proxyUrl;
}

type UserPart = Pick<
  KubeConnection,
  "token" | "basic" | "clientCertificate" | "clientKey" | "exec"
>;

function userPart(
  user: EntryReader,
  { cluster, flags, clock }: {
    readonly cluster: EntryReader;
    readonly flags: KubeFlags;
    readonly clock: Pick<Clock, "now">;
  },
): UserPart {
  const clientCertificate = flags.clientCertificate !== undefined
    ? { file: flags.clientCertificate }
    : user.source("client-certificate");
  const key = flags.clientKey !== undefined ? { file: flags.clientKey } : user.source("client-key");
  const clientKey = key && new SecretSource(key);
  if (clientCertificate !== undefined && clientKey === undefined) {
    throw user.error("a client certificate without its key");
  }
  const certificate = { clientCertificate, clientKey };
  if (flags.token !== undefined || flags.tokenFile !== undefined) {
    return {
      ...certificate,
      token: new SecretSource({ text: flags.token, file: flags.tokenFile }),
    };
  }
  const provider = user.object("auth-provider");
  const exec = user.object("exec");
  if (provider !== undefined && exec !== undefined) throw user.error("both exec and auth-provider");
  const text = provider === undefined ? user.text("token") : cachedToken(provider, user, clock);
  // Header values cannot hold one; said here, where file and user are known.
  if (text !== undefined && /[\r\n\0]/.test(text)) throw user.error("its token has a line break");
  const file = user.path("tokenFile");
  const username = user.text("username");
  const password = user.text("password");
  const hasToken = text !== undefined || file !== undefined;
  if (hasToken && (username !== undefined || password !== undefined)) {
    throw user.error("more than one authentication method");
  }
  return {
    ...certificate,
    token: hasToken ? new SecretSource({ text, file }) : undefined,
    basic: username === undefined ? undefined : new BasicCredentials(username, password ?? ""),
    exec: exec === undefined ? undefined : execPlugin(exec, user, cluster),
  };
}

/** The token that an auth provider has left in the file, as long as it is valid; nobody renews it. */
function cachedToken(
  { name, config }: Record<string, unknown>,
  user: EntryReader,
  clock: Pick<Clock, "now">,
): string {
  const { "access-token": token, expiry } = isJsonObject(config) ? config : {};
  const isValid = typeof token === "string" && token !== "" && typeof expiry === "string" &&
    Date.parse(expiry) > clock.now();
  if (isValid) return token;
  throw user.error(
    `the auth provider "${name}" is not supported and has left no token that is still valid, ` +
      "use an exec plugin instead",
  );
}
