/**
 * The two halves of `--sandbox=strict` as the dispatcher sees them. The launcher is the process as it was
 * started; the worker is the same program again in an isolate of exact permissions.
 */

import type { RunContext } from "./context.ts";
import type { Grants } from "./grants.ts";

/** What the launcher starts. */
export interface StrictRun {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly grants: Grants;
  /** Called instead of the command when the launcher has dropped everything. For the test hook. */
  readonly whenEnclosed?: (() => Promise<number>) | undefined;
}

/** Which half this isolate is. */
export type StrictHalf =
  | {
    readonly kind: "launcher";
    /** Drops every permission of this isolate and runs in a worker; resolves to the exit code. */
    launch(run: StrictRun, context: RunContext): Promise<number>;
  }
  | { readonly kind: "worker"; readonly grants: Grants };
