/** Starts as multiples of an empty program's whole run, taking turns: a change of the machine's speed hits both. */

import { median, RUN, say } from "./processes.ts";

const ROUNDS = 15;

/** Prints the medians of `start`, which resolves to milliseconds, and of the empty program. */
export async function sayStart(name: string, start: () => Promise<number>): Promise<void> {
  const times = { ours: [] as number[], empty: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.empty.push(await emptyProgram());
    times.ours.push(await start());
  }
  const [ours, empty] = [median(times.ours), median(times.empty)];
  say(
    `start → ${name} p50 ${ours.toFixed(1)} ms   an empty program ${empty.toFixed(1)} ms   ratio ${
      (ours / empty).toFixed(2)
    }`,
  );
}

/**
 * Milliseconds until a command that logs JSON says that it is ready; then it is killed. Whoever looks again and
 * again for what it does takes a processor.
 */
export async function untilReady(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let text = "";
  let isReady = false;
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    isReady = text.includes('"ready"');
    if (isReady) break;
  }
  const ms = performance.now() - startedAt;
  if (isReady) child.kill("SIGKILL");
  await child.status;
  if (!isReady) throw new Error(`Cannot measure "${args.join(" ")}": ${text}`);
  return ms;
}

async function emptyProgram(): Promise<number> {
  const startedAt = performance.now();
  await new Deno.Command(Deno.execPath(), {
    args: [...RUN, "data:application/javascript,"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return performance.now() - startedAt;
}
