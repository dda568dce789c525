/** One server process of the control plane: its output kept in a file, ended at the latest with us. */

import type { ProgramName, Programs } from "#tests/support/control_plane/programs.ts";

/** How to start a server. */
export interface ServerOptions {
  readonly name: ProgramName;
  readonly args: readonly string[];
  /** Standard output and error go here, appended. */
  readonly logPath: string;
}

/** A running server. */
export interface ServerProcess {
  /** Resolves when the process has ended, by itself or by `stop`. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Sends `signal` and waits for the end. `SIGKILL` is the fast way, `SIGTERM` drains. Idempotent. */
  stop(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Sends SIGKILL without waiting, for the end of this process. */
  killNow(): void;
}

/** Starts a server. */
export function startServer(programs: Programs, options: ServerOptions): ServerProcess {
  const [executable, ...selection] = programs.command(options.name);
  // The shell only redirects: a pipe would need a reader for as long as the server lives.
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      'log="$1"; shift; exec "$@" >>"$log" 2>&1',
      "sh",
      options.logPath,
      executable,
      ...selection,
      ...options.args,
    ],
    env: programs.endWithStdin ? { KCFG_CONTROLPLANE_END_WITH_STDIN: "1" } : {},
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let isRunning = true;
  const ended = child.status.then((status) => {
    isRunning = false;
    return status;
  });
  const kill = (signal: "SIGKILL" | "SIGTERM") => {
    if (isRunning) child.kill(signal);
  };
  return {
    ended,
    killNow: () => kill("SIGKILL"),
    async stop(signal) {
      kill(signal);
      await ended;
      await child.stdin.abort().catch(() => {
        // The pipe is already gone with its reader.
      });
    },
  };
}

/** Last lines of a log file, for error messages. */
export async function tailOf(logPath: string): Promise<string> {
  const text = await Deno.readTextFile(logPath).catch(() => "(no log)");
  return text.trimEnd().split("\n").slice(-10).join("\n");
}
