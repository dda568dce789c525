/** What the strict sandbox allows of the way to the API server. */

import { UsageError } from "./usage_error.ts";

/** Hosts, files and variables, and the credential plugin if there is one. */
export interface StrictKubeNeeds {
  readonly net: readonly string[];
  readonly read: readonly string[];
  readonly env: readonly string[];
}

/**
 * The same without programs.
 *
 * @throws {UsageError} when credentials come from a program, which the sandbox would have to let run
 */
export function strictKubeNeeds(
  { net, read, env, run }: StrictKubeNeeds & { readonly run: readonly string[] },
): StrictKubeNeeds {
  const [plugin] = run;
  if (plugin === undefined) return { net, read, env };
  throw new UsageError(
    `Flag --sandbox: strict does not run the credential plugin "${plugin}"`,
    ["use --sandbox=default, or credentials that are in files"],
  );
}
