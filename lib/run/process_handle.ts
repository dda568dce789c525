/** A process as the dispatcher sees it: the real one, or the worker of the strict sandbox. */

import type { RunContext } from "./context.ts";
import type { StrictHalf } from "./strict_sandbox.ts";

/** The running process, ready for the dispatcher. */
export interface ProcessHandle {
  readonly args: readonly string[];
  readonly context: RunContext;
  /** Which half of the strict sandbox this is; without `--sandbox=strict` the launcher that never launches. */
  readonly strict: StrictHalf;
  /** Exit code when a second signal arrives during the drain. */
  setSecondSignalExitCode(code: number): void;
  /** Ends the process at once. */
  exit(code: number): void;
}
