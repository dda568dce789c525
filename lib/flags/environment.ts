/** Flags from environment variables: between the default and the command line. */

import type { FlagSet } from "./flag_set.ts";
import type { FlagUpdate } from "./flag_set_contract.ts";

/** `rate-limit` → `KCFG_FLAG_RATE_LIMIT`: upper case, `_` for all but letters and digits. */
export function environmentName(flag: string, prefix: string = "KCFG_FLAG_"): string {
  return prefix + flag.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}

/**
 * Sets every flag whose variable is in `environment`; refusals are in the update. Companions are flags like others
 * here: their paths may be set.
 */
export function applyEnvironment(
  flags: FlagSet,
  environment: Readonly<Record<string, string | undefined>>,
  { prefix }: { readonly prefix?: string } = {},
): FlagUpdate {
  const inputs = flags.entries().flatMap(({ name }) => {
    const raw = environment[environmentName(name, prefix)];
    return raw === undefined ? [] : [[name, { raw }] as const];
  });
  return flags.apply(inputs, { source: "env" });
}
