/** What the dispatcher and the runner of commands are given: `main.ts` has the real ones, tests have plain objects. */

import type { RunContext } from "#lib/run/context.ts";
import type { PermissionHost } from "#lib/run/permissions.ts";
import type { StrictHalf } from "#lib/run/strict_sandbox.ts";
import type { CommandEntry } from "./command.ts";

/** What the dispatcher needs besides the arguments. */
export interface DispatchDeps {
  readonly commands: readonly CommandEntry[];
  readonly permissions: PermissionHost;
  readonly context: RunContext;
  /** Which half of the strict sandbox this isolate is. */
  readonly strict: StrictHalf;
  /** Called before a command runs: the process must not end before it returns. */
  keepAlive?(): void;
  /** Tells the signal handling which exit code a second signal gives. */
  setSecondSignalExitCode(code: number): void;
}
