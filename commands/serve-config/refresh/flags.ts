/** What can be said about refresh over HTTP (serve-config.md 14.7, 14.8), and how it is checked. */

import { boolFlag, durationFlag, textFlag } from "#lib/cli/flag.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";

const REFRESH = "Refresh";

/** Flags by name. */
export const REFRESH_FLAGS = {
  "monitor-path": textFlag({
    brief: "Path of the webhook for changes in a repository; empty for none",
    category: REFRESH,
    default: "/monitor",
    env: ["MONITOR_PATH"],
    emptyEnv: true,
    placeholder: "PATH",
  }),
  "monitor-secret-file": textFlag({
    brief: "File with the secret that the webhook's sender signs with or presents",
    category: REFRESH,
    default: "",
    env: ["MONITOR_SECRET_FILE"],
    placeholder: "FILE",
  }),
  "monitor-publish": boolFlag({
    brief: "Publish what the webhook is told to the message bus, so that applications hear of it",
    category: REFRESH,
    default: "false",
    env: ["MONITOR_PUBLISH"],
  }),
  "watch-max-wait": durationFlag({
    brief: "Longest time that a request waits for a change",
    category: REFRESH,
    default: "60s",
    minMs: 1000,
    env: ["WATCH_MAX_WAIT"],
  }),
  admin: boolFlag({
    brief: "Serve /-/keys, /-/peers, /-/config and /-/refresh on the metrics listener",
    category: REFRESH,
    default: "false",
    env: ["ADMIN"],
  }),
} as const;

/** Checked options. */
export interface RefreshSettings {
  /** `undefined` for no webhook. */
  readonly monitorPath: string | undefined;
  readonly monitorSecretFile: string | undefined;
  /** Whether the bus is told what the webhook is told. */
  readonly publishes: boolean;
  readonly maxWaitMs: number;
  readonly admin: boolean;
}

/** Checks them. @throws {UsageError} */
export function toRefreshSettings(
  { values }: ResolvedFlags<typeof REFRESH_FLAGS>,
): RefreshSettings {
  const path = values["monitor-path"];
  if (path !== "" && !/^\/[\x21-\x7e]*$/.test(path)) {
    throw new UsageError(`Option monitor-path: "${path}" is not an absolute path`);
  }
  if (path === "" && values["monitor-publish"]) {
    throw new UsageError("Option monitor-publish: it needs a --monitor-path");
  }
  const secret = values["monitor-secret-file"];
  return {
    monitorPath: path === "" ? undefined : path,
    monitorSecretFile: secret === "" ? undefined : secret,
    publishes: values["monitor-publish"],
    maxWaitMs: values["watch-max-wait"],
    admin: values.admin,
  };
}
