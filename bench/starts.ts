/** Starts as multiples of an empty program's whole run, taking turns: a change of the machine's speed hits both. */

import { median, ownCache, runArgs, say } from "./processes.ts";

const ROUNDS = 15;
/** Both keep what the runtime compiles in its cache; the first run of each fills it. */
const WARM_ROUNDS = 2;

/** Medians in milliseconds. */
export interface StartTimes {
  readonly ours: number;
  readonly empty: number;
  readonly ratio: number;
}

/** Times `start`, which resolves to milliseconds and is given the runtime's cache folder, against the empty program. */
export async function timeStarts(
  start: (cache: string) => Promise<number>,
): Promise<StartTimes> {
  await using cache = await ownCache();
  const times = { ours: [] as number[], empty: [] as number[] };
  for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
    const empty = await wholeRun(["data:application/javascript,"], cache.path);
    const ours = await start(cache.path);
    if (round < 0) continue;
    times.empty.push(empty);
    times.ours.push(ours);
  }
  const [ours, empty] = [median(times.ours), median(times.empty)];
  return { ours, empty, ratio: ours / empty };
}

/** Prints the medians of `start` and of the empty program. */
export async function sayStart(
  name: string,
  start: (cache: string) => Promise<number>,
): Promise<void> {
  const { ours, empty, ratio } = await timeStarts(start);
  say(
    `start → ${name} p50 ${ours.toFixed(1)} ms   an empty program ${empty.toFixed(1)} ms   ratio ${
      ratio.toFixed(2)
    }`,
  );
}

/**
 * Milliseconds until a command says on stderr that it is ready; then it is killed. Whoever looks again and again for
 * what it does takes a processor.
 */
export async function untilReady(
  args: readonly string[],
  cache: string,
  readyMark = '"ready"',
): Promise<number> {
  const startedAt = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: runArgs(args),
    env: { DENO_DIR: cache },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let text = "";
  let isReady = false;
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    isReady = text.includes(readyMark);
    if (isReady) break;
  }
  const ms = performance.now() - startedAt;
  if (isReady) child.kill("SIGKILL");
  await child.status;
  if (!isReady) throw new Error(`Cannot measure "${args.join(" ")}": ${text}`);
  return ms;
}

/** Milliseconds from the start of a program to its end. */
export async function wholeRun(args: readonly string[], cache: string): Promise<number> {
  const startedAt = performance.now();
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: runArgs(args),
    env: { DENO_DIR: cache },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  if (!success) throw new Error(`Cannot measure "${args.join(" ")}": it failed`);
  return performance.now() - startedAt;
}
