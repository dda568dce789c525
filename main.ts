/**
 * argv → dispatcher → exit code. Commands are loaded by the dispatcher, one at a time, when asked for. The
 * strict sandbox runs this file a second time, as a worker.
 */

import { COMMANDS } from "./commands/mod.ts";
import { dispatch } from "#lib/cli/dispatch.ts";
import { runtimePermissions } from "#lib/run/permissions.ts";
import { keepAlive, openProcess } from "#lib/run/process.ts";

async function main(): Promise<void> {
  const opened = await openProcess(import.meta.url);
  const exitCode = await dispatch(opened.args, {
    ...opened,
    commands: COMMANDS,
    permissions: runtimePermissions,
    keepAlive,
  });
  opened.exit(exitCode);
}

// Not awaited here: a part of the bundle that shares code with this file would wait for its end for ever.
if (import.meta.main) void main();
