/**
 * Options of the specification whose feature is not there yet (serve-config.md 2.1, 2.2). Setting one is
 * refused; a text that keeps the feature off is accepted.
 */

import { unavailableFlag } from "#lib/cli/flag.ts";

/** Flags by name. */
export const LATER_FLAGS = {
  "error-ttl": unavailableFlag("remembering failed loads", {
    env: ["CACHE_ERROR_TTL"],
    offTexts: ["0", "0s"],
  }),
} as const;
