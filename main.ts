/** argv → dispatcher → exit code. Commands are loaded by the dispatcher, one at a time, when asked for. */

import { COMMANDS } from "./commands/mod.ts";
import { dispatch } from "#lib/cli/dispatch.ts";
import { runtimePermissions } from "#lib/run/permissions.ts";
import { exitProcess, openProcess, processArgs } from "#lib/run/process.ts";

if (import.meta.main) {
  const { context, setSecondSignalExitCode } = openProcess();
  const exitCode = await dispatch(processArgs(), {
    commands: COMMANDS,
    permissions: runtimePermissions,
    context,
    setSecondSignalExitCode,
  });
  exitProcess(exitCode);
}
