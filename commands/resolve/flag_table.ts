/** What `kcfg resolve` can be told (resolve.md 10, 13). */

import { logFlags } from "#lib/cli/common_flags.ts";
import {
  boolFlag,
  choiceFlag,
  listFlag,
  numberFlag,
  optionalTextFlag,
  textFlag,
} from "#lib/cli/flag.ts";
import { KUBE_FLAGS, RBAC_FLAGS } from "#lib/cli/kube_flags.ts";

const WHAT = "What is resolved";
const OUTPUT = "Output";
const WAITING = "Watching and waiting";
const PROBE = "Probing";

function off(category: string, brief: string, short?: string) {
  return boolFlag({ brief, category, default: "false", ...(short && { short }) });
}

function optional(category: string, brief: string, placeholder: string) {
  return optionalTextFlag({ brief, category, placeholder });
}

/** Form of the output. */
export type OutputForm = "table" | "wide" | "json" | "jsonl" | "yaml" | "addresses" | "grpc";

/** The flag table. */
export const FLAGS = {
  port: optional(WHAT, "Port of every target instead of its own, by number or name", "PORT"),
  "all-ports": off(WHAT, "Every TCP port, whatever the targets say"),
  "port-mode": choiceFlag<"literal" | "service" | "auto">({
    brief: "What a number is: the pod's port, the Service's, or whichever there is",
    category: WHAT,
    default: "literal",
    choices: ["literal", "service", "auto"],
  }),
  family: choiceFlag<"auto" | "ipv4" | "ipv6" | "separate">({
    brief: "Address families; auto makes one endpoint of a pod's two addresses",
    category: WHAT,
    default: "auto",
    choices: ["auto", "ipv4", "ipv6", "separate"],
  }),
  topology: choiceFlag<"off" | "zone" | "node" | "auto">({
    brief: "Stay near by the hints of the control plane",
    category: WHAT,
    default: "off",
    choices: ["off", "zone", "node", "auto"],
  }),
  zone: optionalTextFlag({
    brief: "Zone that is near",
    category: WHAT,
    placeholder: "ZONE",
    env: ["KCFG_ZONE"],
  }),
  node: optionalTextFlag({
    brief: "Node that is near",
    category: WHAT,
    placeholder: "NODE",
    env: ["NODE_NAME"],
  }),
  "no-terminating-fallback": off(
    WHAT,
    "Do not use endpoints that are shutting down when no other is ready",
  ),
  source: choiceFlag<"auto" | "endpointslices" | "endpoints">({
    brief: "What is read; auto is EndpointSlices, and Endpoints where they are refused",
    category: WHAT,
    default: "auto",
    choices: ["auto", "endpointslices", "endpoints"],
  }),
  output: choiceFlag<OutputForm>({
    brief: "Form; addresses is one host:port a line, grpc one target that needs no Kubernetes",
    category: OUTPUT,
    default: "table",
    short: "o",
    choices: ["table", "wide", "json", "jsonl", "yaml", "addresses", "grpc"],
  }),
  all: off(OUTPUT, "Also endpoints that are not usable, with the reason", "a"),
  "no-headers": off(OUTPUT, "Tables without their first line"),
  explain: off(OUTPUT, "Say on stderr what was decided for every slice, port and endpoint"),
  watch: off(WAITING, "Print the present state, then changes until interrupted", "w"),
  "watch-only": off(WAITING, "Changes alone"),
  count: numberFlag({
    brief: "With --watch: end after so many changes, 0 for never",
    category: WAITING,
    default: "0",
    min: 0,
    max: 1_000_000_000,
  }),
  wait: {
    ...optional(WAITING, "Return when every target has so many usable addresses", "N"),
    boolean: true,
  },
  timeout: optional(
    WAITING,
    "Longest time in all: 30s, with --wait 60s, with --watch none",
    "DURATION",
  ),
  probe: off(PROBE, "Ask the gRPC health of every usable address"),
  "probe-service": listFlag({
    brief: "Service name of the health check; several are all asked",
    category: PROBE,
    placeholder: "NAME",
  }),
  "probe-connect-timeout": textFlag({
    brief: "Longest time for a connection",
    category: PROBE,
    default: "1s",
    placeholder: "DURATION",
  }),
  "probe-timeout": textFlag({
    brief: "Longest time for the answer",
    category: PROBE,
    default: "1s",
    placeholder: "DURATION",
  }),
  "probe-concurrency": numberFlag({
    brief: "Probes at once",
    category: PROBE,
    default: "16",
    min: 1,
    max: 1000,
  }),
  "probe-policy": textFlag({
    brief: "What exit status 0 needs: all, any, a number or a percentage",
    category: PROBE,
    default: "all",
    placeholder: "POLICY",
  }),
  "probe-allow-unimplemented": off(PROBE, "A server without health checks is well"),
  "probe-tls": off(PROBE, "Use TLS"),
  "probe-ca": optional(PROBE, "File with certificates to trust", "FILE"),
  "probe-cert": optional(PROBE, "File with the client certificate", "FILE"),
  "probe-key": optional(PROBE, "File with its key", "FILE"),
  "probe-server-name": optional(PROBE, "Name in the server's certificate", "NAME"),
  "probe-insecure": off(PROBE, "Do not verify the server's certificate"),
  "probe-header": listFlag({
    brief: "Metadata to send",
    category: PROBE,
    placeholder: "NAME: VALUE",
  }),
  "check-access": boolFlag({
    brief: "Ask the server whether the rights that are needed are granted, and stop",
    category: "Rights",
    default: "false",
  }),
  ...KUBE_FLAGS,
  ...RBAC_FLAGS,
  ...logFlags({ level: "warn", format: "auto" }),
} as const;
