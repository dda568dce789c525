/**
 * Options of the specification whose feature is not there yet (serve-config.md 2.1, 2.2). Setting one is
 * refused; a text that keeps the feature off is accepted.
 */

import { unavailableFlag } from "#lib/cli/flag.ts";

const FALSE = ["0", "f", "F", "FALSE", "false", "False"];
const ZERO = ["0", "0s"];

const RING = "the ring of replicas";
const BUS = "refresh by a message bus";
const FORWARD = "forwarding parts of a request to the backend";
const WEBHOOK = "refresh by webhook";
const AUTH = "authentication of clients";
const TLS = "TLS on the application listener";

/** Flags by name. */
export const LATER_FLAGS = {
  "groupcache-port": unavailableFlag(RING, { env: ["GROUPCACHE_PORT"] }),
  "hot-cache": unavailableFlag(RING, { env: ["HOT_CACHE"], offTexts: ["off"] }),
  "peer-discovery": unavailableFlag(RING, { env: ["PEER_DISCOVERY"], offTexts: ["none"] }),
  peers: unavailableFlag(RING, { env: ["PEERS"], offTexts: [""] }),
  "peer-label-selector": unavailableFlag(RING, {
    env: ["PEER_LABEL_SELECTOR", "KUBEGROUP_LABEL_SELECTOR"],
  }),
  "peer-debounce": unavailableFlag(RING, { env: ["PEER_DEBOUNCE"] }),
  "peer-timeout": unavailableFlag(RING, { env: ["PEER_TIMEOUT"] }),
  "peer-secret-file": unavailableFlag(RING, { env: ["PEER_SECRET_FILE"], offTexts: [""] }),
  ring: unavailableFlag(RING, { env: ["RING"] }),
  debug: unavailableFlag(BUS, { env: ["DEBUG"], offTexts: FALSE }),
  "amqp-exchange": unavailableFlag(BUS, { env: ["AMQP_EXCHANGE"] }),
  "amqp-queue-prefix": unavailableFlag(BUS, { env: ["AMQP_QUEUE_PREFIX"] }),
  "amqp-on-subscribe": unavailableFlag(BUS, { env: ["AMQP_ON_SUBSCRIBE"] }),
  "error-ttl": unavailableFlag("remembering failed loads", {
    env: ["CACHE_ERROR_TTL"],
    offTexts: ZERO,
  }),
  "forward-query": unavailableFlag(FORWARD, {
    env: ["FORWARD_QUERY"],
    emptyEnv: true,
    offTexts: [""],
  }),
  "forward-headers": unavailableFlag(FORWARD, { env: ["FORWARD_HEADERS"], offTexts: [""] }),
  "monitor-path": unavailableFlag(WEBHOOK, {
    env: ["MONITOR_PATH"],
    emptyEnv: true,
    offTexts: [""],
  }),
  "monitor-secret-file": unavailableFlag(WEBHOOK, { env: ["MONITOR_SECRET_FILE"], offTexts: [""] }),
  auth: unavailableFlag(AUTH, { env: ["AUTH"], offTexts: ["none"] }),
  "tls-cert-file": unavailableFlag(TLS, { env: ["TLS_CERT_FILE"], offTexts: [""] }),
  "tls-key-file": unavailableFlag(TLS, { env: ["TLS_KEY_FILE"], offTexts: [""] }),
  "tls-client-ca-file": unavailableFlag(TLS, { env: ["TLS_CLIENT_CA_FILE"], offTexts: [""] }),
} as const;
