/** What can be said about the process: its end, its variables, and what is accepted for compatibility alone. */

import { boolFlag, durationFlag, optionalTextFlag } from "#lib/cli/flag.ts";

/** Flags by name. */
export const PROCESS_FLAGS = {
  "jaeger-url": optionalTextFlag({
    brief: "Accepted for compatibility; the replaced program read it and used it for nothing",
    category: "Compatibility",
    env: ["JAEGER_URL"],
    placeholder: "URL",
    sensitive: "url",
  }),
  "shutdown-delay": durationFlag({
    brief: "Time between turning unready and closing the application listener",
    category: "Process",
    default: "0s",
    minMs: 0,
    env: ["SHUTDOWN_DELAY"],
  }),
  "shutdown-timeout": durationFlag({
    brief: "Longest time for requests in flight to finish at the stop",
    category: "Process",
    default: "5s",
    minMs: 0,
    env: ["SHUTDOWN_TIMEOUT"],
  }),
  "strict-env": boolFlag({
    brief: "Refuse to start when a variable is malformed, instead of using the default",
    category: "Process",
    default: "false",
    env: ["STRICT_ENV"],
  }),
} as const;
