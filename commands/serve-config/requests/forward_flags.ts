/** Which parts of a client's request go on to an HTTP backend (serve-config.md 4.1), and how that is checked. */

import { textFlag } from "#lib/cli/flag.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";

/** Flags by name. */
export const FORWARD_FLAGS = {
  "forward-query": textFlag({
    brief: "Query parameters that go on to an HTTP backend and tell objects apart; empty for none",
    category: "Content",
    default: "resolvePlaceholders,useDefaultLabel",
    env: ["FORWARD_QUERY"],
    emptyEnv: true,
    placeholder: "NAMES",
  }),
  "forward-headers": textFlag({
    brief:
      "Headers that go on to an HTTP backend; clients with different ones get different objects",
    category: "Content",
    default: "",
    env: ["FORWARD_HEADERS"],
    placeholder: "NAMES",
  }),
} as const;

/** Checked options; header names in lower case. */
export interface ForwardSettings {
  readonly query: readonly string[];
  readonly headers: readonly string[];
}

/** Headers that belong to the connection or to the cache itself. */
const REFUSED =
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|content-length|if-.*|range|expect|accept-encoding)$/;

/** Checks them. @throws {UsageError} */
export function toForwardSettings(
  { values }: ResolvedFlags<typeof FORWARD_FLAGS>,
): ForwardSettings {
  const list = (text: string) =>
    text.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const headers = [...new Set(list(values["forward-headers"]).map((name) => name.toLowerCase()))]
    .sort();
  for (const name of headers) {
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
      throw new UsageError(`Option forward-headers: "${name}" is not a header name`);
    }
    if (REFUSED.test(name)) {
      throw new UsageError(
        `Option forward-headers: ${name} belongs to the connection or to the cache`,
      );
    }
  }
  return { query: [...new Set(list(values["forward-query"]))].sort(), headers };
}
