/** What can be said about the listeners of clients, health and metrics (serve-config.md 2.1, 10). */

import { boolFlag, numberFlag } from "#lib/cli/flag.ts";
import type { Flag } from "#lib/cli/flag.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import { parseListenAddress } from "#lib/http/address.ts";
import type { ListenAddress } from "#lib/http/address.ts";

/** Flags by name. */
export const LISTENER_FLAGS = {
  "listen-addr": addressFlag("Application listener", ":8080", "LISTEN_ADDR"),
  "health-addr": addressFlag("Health listener", ":8888", "HEALTH_ADDR"),
  "health-path": pathFlag("Path of the health answer", "/health", "HEALTH_PATH"),
  "metrics-addr": addressFlag("Metrics listener", ":3000", "METRICS_ADDR"),
  "metrics-path": pathFlag("Path of the metrics", "/metrics", "METRICS_PATH"),
  "metrics-uri-limit": numberFlag({
    brief: "Most request paths that get series of their own; the others share one",
    category: "Listeners",
    default: "500",
    min: 1,
    max: 100_000,
    env: ["METRICS_URI_LIMIT"],
  }),
  "request-metrics": boolFlag({
    brief: "Count and time the requests of the application listener",
    category: "Listeners",
    default: "true",
    env: ["REQUEST_METRICS"],
  }),
} as const;

/** Checked options. */
export interface ListenerSettings {
  readonly listen: ListenAddress;
  readonly health: ListenAddress & { readonly path: string };
  readonly metrics: ListenAddress & {
    readonly path: string;
    readonly uriLimit: number;
    /** Whether requests are counted and timed. */
    readonly requests: boolean;
  };
}

/** Takes them together. */
export function toListenerSettings(
  { values }: ResolvedFlags<typeof LISTENER_FLAGS>,
): ListenerSettings {
  return {
    listen: values["listen-addr"],
    health: { ...values["health-addr"], path: values["health-path"] },
    metrics: {
      ...values["metrics-addr"],
      path: values["metrics-path"],
      uriLimit: values["metrics-uri-limit"],
      requests: values["request-metrics"],
    },
  };
}

function addressFlag(brief: string, address: string, variable: string): Flag<ListenAddress> {
  return {
    brief,
    category: "Listeners",
    default: address,
    env: [variable],
    placeholder: "ADDRESS",
    parse: parseListenAddress,
  };
}

function pathFlag(brief: string, path: string, variable: string): Flag<string> {
  return {
    brief,
    category: "Listeners",
    default: path,
    env: [variable],
    placeholder: "PATH",
    parse(text) {
      if (!/^\/[\x21-\x7e]*$/.test(text)) {
        throw new SyntaxError(`"${text}" is not an absolute path`);
      }
      return text;
    },
  };
}
