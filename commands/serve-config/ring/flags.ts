/** What can be said about the ring (serve-config.md 2.1, 2.2, 7), and how it is checked. */

import { choiceFlag, durationFlag, textFlag } from "#lib/cli/flag.ts";
import type { Flag } from "#lib/cli/flag.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import type { ListenAddress } from "#lib/http/address.ts";

const RING = "Ring";

/** Flags by name. */
export const RING_FLAGS = {
  "groupcache-port": {
    brief: "Ring listener, and the end of every peer's URL",
    category: RING,
    default: ":5000",
    env: ["GROUPCACHE_PORT"],
    placeholder: ":PORT",
    parse: parsePort,
  } as Flag<number>,
  "groupcache-host": textFlag({
    brief: "Address that the ring listener is bound to; all addresses by default",
    category: RING,
    default: "",
    env: ["GROUPCACHE_HOST"],
    placeholder: "ADDRESS",
  }),
  "hot-cache": choiceFlag({
    brief: "Keep copies of what other replicas own: always, one in ten (sample), or not at all",
    category: RING,
    default: "always",
    choices: ["always", "sample", "off"],
    env: ["HOT_CACHE"],
  }),
  "peer-discovery": choiceFlag({
    brief: "Where peers come from; auto is kubernetes inside a cluster, else none",
    category: RING,
    default: "auto",
    choices: ["auto", "kubernetes", "static", "none"],
    env: ["PEER_DISCOVERY"],
  }),
  peers: textFlag({
    brief: "Base URLs of the replicas, separated by commas; implies static discovery",
    category: RING,
    default: "",
    env: ["PEERS"],
    placeholder: "URLS",
  }),
  "peer-label-selector": textFlag({
    brief: "Which pods are peers; by default those with the own pod's label app",
    category: RING,
    default: "",
    env: ["PEER_LABEL_SELECTOR", "KUBEGROUP_LABEL_SELECTOR"],
    placeholder: "SELECTOR",
  }),
  "peer-debounce": durationFlag({
    brief: "Least time between two changes of the ring",
    category: RING,
    default: "500ms",
    minMs: 0,
    env: ["PEER_DEBOUNCE"],
  }),
  "peer-timeout": durationFlag({
    brief: "Longest time for the answer of a peer; connecting gets a second of it",
    category: RING,
    default: "10s",
    minMs: 1,
    env: ["PEER_TIMEOUT"],
  }),
  "peer-secret-file": textFlag({
    brief: "File with a secret that all replicas share; Go replicas cannot join then",
    category: RING,
    default: "",
    env: ["PEER_SECRET_FILE"],
    placeholder: "FILE",
  }),
  ring: choiceFlag({
    brief: "How keys are given to replicas; rendezvous is more even and for kcfg alone",
    category: RING,
    default: "seed",
    choices: ["seed", "rendezvous"],
    env: ["RING"],
  }),
} as const;

/** Variables without a flag, of the downward API and of every pod. */
export const POD_VARIABLES: readonly string[] = [
  "POD_IP",
  "POD_NAME",
  "POD_NAMESPACE",
  "HOSTNAME",
  "KUBERNETES_SERVICE_HOST",
  "KUBERNETES_SERVICE_PORT",
];

/** How peers are found. */
export type Discovery =
  | { readonly kind: "none" }
  | { readonly kind: "static"; readonly peers: readonly string[] }
  | {
    readonly kind: "kubernetes";
    /** Nobody asked for it by name: without a service account's token there is no cluster. */
    readonly isAuto: boolean;
    /** `undefined` for the own pod's label `app`. */
    readonly selector: string | undefined;
    readonly debounceMs: number;
    readonly podName: string | undefined;
    readonly namespace: string | undefined;
  };

/** Checked options of the ring. */
export interface RingSettings {
  /** Where the ring listener is bound. */
  readonly listen: ListenAddress;
  readonly kind: "seed" | "rendezvous";
  readonly hot: "always" | "sample" | "off";
  readonly discovery: Discovery;
  readonly timeoutMs: number;
  readonly secretFile: string | undefined;
  /** Own address from the downward API. */
  readonly podIp: string | undefined;
  /** Host name as the environment has it. */
  readonly hostname: string | undefined;
}

/** Checks them. @throws {UsageError} */
export function toRingSettings(
  { values, sources }: ResolvedFlags<typeof RING_FLAGS>,
  env: Readonly<Record<string, string>>,
): RingSettings {
  return {
    listen: { hostname: textOr(values["groupcache-host"]), port: values["groupcache-port"] },
    kind: values.ring,
    hot: values["hot-cache"],
    discovery: discoveryOf(values, { sources, env }),
    timeoutMs: values["peer-timeout"],
    secretFile: textOr(values["peer-secret-file"]),
    podIp: textOr(env["POD_IP"]),
    hostname: textOr(env["HOSTNAME"]),
  };
}

function discoveryOf(
  values: ResolvedFlags<typeof RING_FLAGS>["values"],
  { sources, env }: {
    readonly sources: ResolvedFlags<typeof RING_FLAGS>["sources"];
    readonly env: Readonly<Record<string, string>>;
  },
): Discovery {
  const asked = values["peer-discovery"];
  const peers = values.peers.split(",").map((url) => url.trim()).filter((url) => url !== "");
  if (peers.length > 0) {
    if (sources["peer-discovery"] !== "default" && asked !== "static" && asked !== "auto") {
      throw new UsageError(`Option peers: it contradicts --peer-discovery=${asked}`);
    }
    return { kind: "static", peers: peers.map(checkPeer) };
  }
  if (asked === "static") throw new UsageError("Option peer-discovery: static needs --peers");
  const inCluster = (env["KUBERNETES_SERVICE_HOST"] ?? "") !== "" &&
    (env["KUBERNETES_SERVICE_PORT"] ?? "") !== "";
  if (asked === "none" || (asked === "auto" && !inCluster)) return { kind: "none" };
  return {
    kind: "kubernetes",
    isAuto: asked === "auto",
    selector: textOr(values["peer-label-selector"]),
    debounceMs: values["peer-debounce"],
    podName: textOr(env["POD_NAME"]) ?? textOr(env["HOSTNAME"]),
    namespace: textOr(env["POD_NAMESPACE"]),
  };
}

/** The text is hashed, so it must be written as every other member writes it. */
function checkPeer(text: string): string {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "http:" || url.port === "" && !text.endsWith(":80")) {
    throw new UsageError(`Option peers: "${text}" is not of the form http://ADDRESS:PORT`);
  }
  const bare = text.replace(/\/+$/, "");
  if (bare !== `http://${url.hostname}:${url.port === "" ? 80 : url.port}`) {
    throw new UsageError(`Option peers: "${text}" must be written http://${url.host}`, [
      "replicas hash the text, so all of them must write it alike",
    ]);
  }
  return bare;
}

function parsePort(text: string): number {
  const port = /^:(\d{1,5})$/.exec(text)?.[1];
  if (port === undefined || Number(port) > 65535) {
    throw new SyntaxError(`"${text}" is not of the form :PORT`);
  }
  return Number(port);
}

function textOr(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
