/** The flags of `kcfg resolve` as data (resolve.md 10). What they mean together is in `options.ts`. */

import { logFlags } from "#lib/cli/common_flags.ts";
import { boolFlag, choiceFlag, type Flag, listFlag, numberFlag } from "#lib/cli/flag.ts";
import { durationFlag, optionalTextFlag, textFlag } from "#lib/cli/flag.ts";
import { KUBE_FLAGS, RBAC_FLAGS } from "#lib/cli/kube_flags.ts";

/** What is printed. */
export type OutputForm = "table" | "wide" | "json" | "jsonl" | "yaml" | "addresses" | "grpc";

/** The flag table. */
export const FLAGS = {
  port: optionalTextFlag({
    brief: "Port of every target, a number or a name, instead of its own",
    category: "Target",
    placeholder: "PORT",
  }),
  "all-ports": off("One row for each address and TCP port", "Target"),
  "port-mode": choiceFlag<"literal" | "service" | "auto">({
    brief: "What a number is: the pod's port, the Service's, or the one that exists",
    category: "Target",
    default: "literal",
    choices: ["literal", "service", "auto"],
  }),
  family: choiceFlag<"auto" | "ipv4" | "ipv6" | "separate">({
    brief: "Families of addresses; auto makes one endpoint of a pod with both",
    category: "Target",
    default: "auto",
    choices: ["auto", "ipv4", "ipv6", "separate"],
  }),
  topology: choiceFlag<"off" | "zone" | "node" | "auto">({
    brief: "Keep to endpoints that are meant for this zone or node",
    category: "Target",
    default: "off",
    choices: ["off", "zone", "node", "auto"],
  }),
  zone: optionalTextFlag({
    brief: "Zone of this process",
    category: "Target",
    placeholder: "ZONE",
    env: ["KCFG_ZONE"],
  }),
  node: optionalTextFlag({
    brief: "Node of this process",
    category: "Target",
    placeholder: "NODE",
    env: ["NODE_NAME"],
  }),
  "no-terminating-fallback": off("Never use endpoints that are shutting down", "Target"),
  source: choiceFlag<"auto" | "endpointslices" | "endpoints">({
    brief: "What is read; auto is Endpoints where EndpointSlices are refused",
    category: "Target",
    default: "auto",
    choices: ["auto", "endpointslices", "endpoints"],
  }),
  output: choiceFlag<OutputForm>({
    brief: "Form of the output; json with --watch is jsonl",
    category: "Output",
    default: "table",
    short: "o",
    choices: ["table", "wide", "json", "jsonl", "yaml", "addresses", "grpc"],
  }),
  all: { ...off("Also endpoints that are not used, with the reason", "Output"), short: "a" },
  "no-headers": off("Tables without their first line", "Output"),
  explain: off("Say on stderr why each slice, port and endpoint is used or not", "Output"),
  watch: {
    ...off("Print the state, then every change until interrupted", "Following"),
    short: "w",
  },
  "watch-only": off("Print changes, not the state", "Following"),
  count: numberFlag({
    brief: "With --watch: end after so many changes, 0 for never",
    category: "Following",
    default: "0",
    min: 0,
    max: 1_000_000_000,
  }),
  wait: waitFlag(),
  timeout: timeFlag("Longest time for all of it; 30s once, 60s with --wait, none with --watch", {
    category: "Following",
  }),
  probe: off(
    "Ask every address in use for its health (grpc.health.v1), with --all every one",
    "Probing",
  ),
  "probe-service": listFlag({
    brief: "Service to ask about; several times for several, the whole server without",
    category: "Probing",
    placeholder: "NAME",
  }),
  "probe-connect-timeout": probeTime("Longest time to connect", "1s"),
  "probe-timeout": probeTime("Longest time for the call", "1s"),
  "probe-concurrency": numberFlag({
    brief: "Probes at the same time",
    category: "Probing",
    default: "16",
    min: 1,
    max: 1000,
  }),
  "probe-interval": probeTime("With --watch: time between probes, 0 for once", "0s"),
  "probe-policy": textFlag({
    brief: "What success needs: all, any, a number, or a share such as 50%",
    category: "Probing",
    default: "all",
    placeholder: "POLICY",
  }),
  "probe-allow-unimplemented": off("Servers without the health service are healthy", "Probing"),
  "probe-tls": off("Probe over TLS", "Probing"),
  "probe-ca": probeFile("Certificates to trust"),
  "probe-cert": probeFile("Client certificate"),
  "probe-key": probeFile("Key of the client certificate"),
  "probe-server-name": optionalTextFlag({
    brief: "Name to expect in the certificate, SERVICE.NAMESPACE by default",
    category: "Probing",
    placeholder: "NAME",
  }),
  "probe-insecure": off("Accept any certificate", "Probing"),
  "probe-header": listFlag({
    brief: "Metadata of the call; several times for several",
    category: "Probing",
    placeholder: "NAME: VALUE",
    sensitive: "secret",
  }),
  "check-access": boolFlag({
    brief: "Ask the server whether the rights these options need are granted, and stop",
    category: "Rights",
    default: "false",
  }),
  ...KUBE_FLAGS,
  ...RBAC_FLAGS,
  ...logFlags({ level: "warn", format: "auto" }),
} as const;

function off(brief: string, category: string): Flag<boolean> {
  return boolFlag({ brief, category, default: "false" });
}

function probeFile(brief: string): Flag<string | undefined> {
  return optionalTextFlag({ brief, category: "Probing", placeholder: "FILE" });
}

function probeTime(brief: string, time: string): Flag<number> {
  const flag = durationFlag({ brief, category: "Probing", default: time, minMs: 0 });
  return { ...flag, parse: (text) => flag.parse(withUnit(text)) };
}

function timeFlag(brief: string, { category }: { readonly category: string }): Flag<
  number | undefined
> {
  const flag = durationFlag({ brief, category, default: "0s", minMs: 0 });
  return { ...flag, default: undefined, parse: (text) => flag.parse(withUnit(text)) };
}

/** A plain number is seconds. */
function withUnit(text: string): string {
  return /^\d+(\.\d+)?$/.test(text) && Number(text) !== 0 ? `${text}s` : text;
}

/** `--wait` is one address, `--wait=N` so many; 0 is not waiting. */
function waitFlag(): Flag<number> {
  return {
    brief: "Return as soon as every target has a usable address, or =N of them",
    category: "Following",
    default: "false",
    boolean: true,
    parse(text) {
      if (text === "true") return 1;
      if (text === "false") return 0;
      if (/^\d{1,6}$/.test(text)) return Number(text);
      throw new SyntaxError(`"${text}" is not a number of addresses`);
    },
  };
}
