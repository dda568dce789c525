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
/** What a program has written is in its pipes when it ends; only somebody it left behind makes more. */
const LAST_WORDS_MS = 100;

/**
 * Runs the program; after the time limit its whole group is killed. A process that it leaves behind, and that holds its
 * streams, is not waited for: its lines are passed on until `signal` is aborted.
 */
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
  const reading = Promise.all([child.stdout, child.stderr].map((stream) =>
    readLines(stream, {
      signal,
      onLine,
      onText: (text) => output = (output + text).slice(-MAX_OUTPUT_CHARS),
    })
  ));
  const status = await child.status;
  limit.cancel();
  limit.signal.removeEventListener("abort", kill);
  const enough = Promise.withResolvers<void>();
  const timer = clock.timer(enough.resolve, LAST_WORDS_MS);
  await Promise.race([reading, enough.promise]);
  timer.cancel();
  if (status.success) return { ok: true };
  const reason = limit.isOver()
    ? `"${program}" did not end within ${timeoutMs} ms`
    : status.signal === null
    ? `"${program}" ended with status ${status.code}`
    : `"${program}" was ended by ${status.signal}`;
  return { ok: false, reason, output: output.trim() };
}

/** Reads a stream to its end, or until `signal` is aborted; never rejects. */
async function readLines(
  stream: ReadableStream<Uint8Array>,
  { signal, onLine, onText }: {
    readonly signal: AbortSignal;
    readonly onLine: (line: string) => void;
    readonly onText: (text: string) => void;
  },
): Promise<void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const stop = () => void reader.cancel().catch(() => "it has ended");
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  let rest = "";
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const text = decoder.decode(next.value, { stream: true });
      onText(text);
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(-MAX_OUTPUT_CHARS);
      lines.forEach(onLine);
    }
  } catch {
    // A pipe that breaks is one that has ended.
  }
  signal.removeEventListener("abort", stop);
  if (rest !== "") onLine(rest);
}

/** Signals a process group; one that is gone is no error. */
export function killGroup(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
