/**
 * argv → dispatcher → exit code. Commands are loaded by the dispatcher, one at a time, when asked for. The
 * strict sandbox runs this file a second time, as a worker.
 */

import { COMMANDS } from "./commands/mod.ts";
import { dispatch } from "#lib/cli/dispatch.ts";
import { runtimePermissions } from "#lib/run/permissions.ts";
import { keepAlive, openProcess } from "#lib/run/process.ts";

if (import.meta.main) {
  const opened = await openProcess(import.meta.url);
  const exitCode = await dispatch(opened.args, {
    ...opened,
    commands: COMMANDS,
    permissions: runtimePermissions,
    keepAlive,
  });
  opened.exit(exitCode);
}
