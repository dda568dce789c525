/** Programs that options name, for validation and as a reload action: started, bounded in time, their words kept. */

import type { Clock } from "#lib/run/clock.ts";
import { timeLimit } from "#lib/run/time_limit.ts";

/** What to start. */
export interface HookOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Called for each line that the program writes. */
  readonly onLine?: (line: string) => void;
}

/** How it ended: in words when it did not succeed, with the end of what it wrote. */
export type HookResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly output: string };

const MAX_OUTPUT_CHARS = 4096;

/** Runs the program; after the time limit its whole group is killed. */
export async function runHook(
  { argv, env, timeoutMs, clock, onLine = () => {} }: HookOptions,
  signal: AbortSignal,
): Promise<HookResult> {
  const [program = "", ...args] = argv;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `"${program}" cannot be started: ${reason}`, output: "" };
  }
  const limit = timeLimit(signal, timeoutMs, clock);
  const kill = () => killGroup(child.pid, "SIGKILL");
  limit.signal.addEventListener("abort", kill, { once: true });
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    let rest = "";
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      output = (output + chunk).slice(-MAX_OUTPUT_CHARS);
      const lines = (rest + chunk).split("\n");
      rest = (lines.pop() ?? "").slice(-MAX_OUTPUT_CHARS);
      lines.forEach(onLine);
    }
    if (rest !== "") onLine(rest);
  };
  const [status] = await Promise.all([child.status, read(child.stdout), read(child.stderr)]);
  limit.cancel();
  limit.signal.removeEventListener("abort", kill);
  if (status.success) return { ok: true };
  const reason = limit.isOver()
    ? `"${program}" did not end within ${timeoutMs} ms`
    : status.signal === null
    ? `"${program}" ended with status ${status.code}`
    : `"${program}" was ended by ${status.signal}`;
  return { ok: false, reason, output: output.trim() };
}

/** Signals a process group; one that is gone is no error. */
export function killGroup(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
