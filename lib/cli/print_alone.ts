/** Answers that need no command: help, version, plans. */

import type { RunContext } from "#lib/run/context.ts";
import { dropPermissions } from "#lib/run/permissions.ts";
import type { PermissionHost } from "#lib/run/permissions.ts";

/** Prints and stops; nothing runs, so no permission is kept. Returns the exit code. */
export function printAlone(
  text: string,
  { context, permissions }: { readonly context: RunContext; readonly permissions: PermissionHost },
): number {
  dropPermissions({}, permissions);
  context.stdout.write(text);
  return 0;
}
