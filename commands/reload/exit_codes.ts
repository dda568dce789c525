/** Exit statuses of errors that have one of their own (reload.md 2.8). */

import { ChildStartError } from "./child.ts";

/** The status; `undefined` for the usual one. */
export function exitCodeOfStart(error: unknown): number | undefined {
  return error instanceof ChildStartError ? error.exitCode : undefined;
}
