/** A program as a hook (flags-watch.md 8.2): told of the update on stdin and by its environment. */

import { environmentName } from "#lib/flags/environment.ts";
import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import type { HookEvent } from "./hook_event.ts";

/** One run. */
export interface HookRun {
  readonly event: HookEvent;
  /** Ends it: SIGTERM, and SIGKILL two seconds later. */
  readonly signal: AbortSignal;
  readonly withSecrets: boolean;
}

/** What a run needs. */
export interface HookCommandDeps {
  readonly flags: FlagSet;
  readonly clock: Clock;
  /** Of our own process; the program inherits it, without secret flags. */
  readonly env: Readonly<Record<string, string>>;
  /** The program's own output is dropped then. */
  readonly isStdoutTaken: boolean;
}

const KILL_MS = 2000;
/** The kernel takes no variable of 128 KiB, and less than 2 MiB of them all; with more no program starts at all. */
const MAX_VARIABLE_BYTES = 128 * 1024 - 1;
const MAX_VARIABLES_BYTES = 512 * 1024;

/**
 * Runs the program to its end.
 *
 * @throws {Error} when it cannot be started or ends with another status than 0; the signal's reason when aborted
 */
export async function runCommand(
  [program = "", ...args]: readonly string[],
  { event, signal, withSecrets }: HookRun,
  { flags, clock, env, isStdoutTaken }: HookCommandDeps,
): Promise<void> {
  signal.throwIfAborted();
  const child = new Deno.Command(program, {
    args,
    clearEnv: true,
    env: hookEnvironment(flags, { event, withSecrets, env }),
    stdin: "piped",
    stdout: isStdoutTaken ? "null" : "inherit",
    stderr: "inherit",
  }).spawn();
  let timer: Timer | undefined;
  const onAbort = () => {
    kill(child, "SIGTERM");
    timer = clock.timer(() => kill(child, "SIGKILL"), KILL_MS);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const [{ code, signal: killedBy }] = await Promise.all([
      child.status,
      feed(child.stdin, JSON.stringify(event)),
    ]);
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`Hook "${program}" ended with ${killedBy ?? `status ${code}`}`);
  } finally {
    signal.removeEventListener("abort", onAbort);
    timer?.cancel();
  }
}

/** The environment of a run: ours, and the flags over it, but for those that fit no variable, which are named. */
export function hookEnvironment(
  flags: FlagSet,
  { event, withSecrets, env }: Pick<HookRun, "event" | "withSecrets"> & {
    readonly env: Readonly<Record<string, string>>;
  },
): Record<string, string> {
  const own: Record<string, string> = { ...env };
  const omitted: string[] = [];
  let room = MAX_VARIABLES_BYTES;
  for (const { name, value } of flags.entries()) {
    const variable = environmentName(name);
    // A secret that came in by a variable must not go on by it, nor an older value.
    delete own[variable];
    if (value.isSecret && !withSecrets) continue;
    const text = value.toString();
    const bytes = new TextEncoder().encode(`${variable}=${text}`).length;
    if (text.includes("\0") || bytes > Math.min(room, MAX_VARIABLE_BYTES)) omitted.push(name);
    else {
      own[variable] = text;
      room -= bytes;
    }
  }
  return {
    ...own,
    KCFG_FLAGS_CHANGED: event.changed.join(" "),
    KCFG_FLAGS_SEQ: String(event.seq),
    ...(omitted.length === 0 ? {} : { KCFG_FLAGS_OMITTED: omitted.join(" ") }),
  };
}

async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // A program need not read what it is told.
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (err) {
    // It has ended meanwhile.
    if (!(err instanceof TypeError || err instanceof Deno.errors.NotFound)) throw err;
  }
}
