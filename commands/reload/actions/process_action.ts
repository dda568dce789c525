/** Reload by a signal to processes of a shared PID namespace, found by name (8.4) or by a file (8.5). */

import type { Action } from "./action.ts";
import { listProcesses, processInfo, programOf, readProc } from "./proc.ts";

/** Which processes. */
export interface ProcessActionOptions {
  readonly name: string;
  readonly match: "exe" | "comm" | "cmdline";
  readonly signal: Deno.Signal;
}

/** The kernel keeps so many bytes of a command's name. */
const COMM_CHARS = 15;
const ZOMBIE = "Z";
/** Linux gives no process a higher number. */
const MAX_PID = 2 ** 22;

/** Makes the action that finds processes by name; of a family of matches the parent alone gets the signal. */
export function createProcessAction(options: ProcessActionOptions): Action {
  return {
    name: "process",
    async run() {
      const processes = await listProcesses();
      const matching = new Map<number, number>();
      for (const { pid, parent, state } of processes) {
        if (pid === Deno.pid || state === ZOMBIE) continue;
        if (await isMatch(pid, options)) matching.set(pid, parent);
      }
      const heads = [...matching].filter(([, parent]) => !matching.has(parent));
      if (heads.length === 0) {
        throw new Error(`no process whose ${options.match} is "${options.name}"`);
      }
      for (const [pid] of heads) sendSignal(pid, options.signal);
    },
  };
}

async function isMatch(
  pid: number,
  { name, match }: Pick<ProcessActionOptions, "name" | "match">,
): Promise<boolean> {
  const words = await readProc(`${pid}/cmdline`);
  // Threads of the kernel have no command line.
  if (words === undefined || words === "") return false;
  switch (match) {
    case "comm":
      return (await readProc(`${pid}/comm`))?.trimEnd() === name.slice(0, COMM_CHARS);
    case "cmdline":
      return words.replaceAll("\0", " ").includes(name);
    case "exe":
      return await programOf(pid) === name;
  }
}

/** Makes the action that takes the process from a file. */
export function createPidfileAction(
  { file, signal }: { readonly file: string; readonly signal: Deno.Signal },
): Action {
  return {
    name: "pidfile",
    async run() {
      let text: string;
      try {
        text = await Deno.readTextFile(file);
      } catch (error) {
        throw new Error(`the PID file "${file}" cannot be read`, { cause: error });
      }
      const [digits] = /\d+/.exec(text) ?? [];
      if (digits === undefined) throw new Error(`the PID file "${file}" has no number`);
      const pid = Number(digits);
      // 0 is our own group, and a number that overflows may be -1, which is everybody.
      if (pid < 1 || pid > MAX_PID) throw new Error(`there is no process ${digits}`);
      if (pid === Deno.pid) throw new Error(`process ${digits} of "${file}" is kcfg itself`);
      const info = await processInfo(pid);
      if (info?.state === ZOMBIE) throw new Error(`process ${digits} of "${file}" is dead`);
      sendSignal(pid, signal);
    },
  };
}

function sendSignal(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Error(`there is no process ${pid}`);
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Error(
        `process ${pid} may not be signalled: run as the same user, or with the capability KILL`,
      );
    }
    throw error;
  }
}
