/** What benches share: processes under measurement, what they use, and a middle value. */

import { V8_FLAGS_ARG } from "../tools/v8_flags.ts";

/** The runtime's arguments for a program and its own: kcfg has the engine's flags that its executable has. */
export function runArgs(words: readonly string[]): string[] {
  const flags = words[0]?.endsWith("/dist/js/main.js") ? [V8_FLAGS_ARG] : [];
  return ["run", "-A", "--no-prompt", "--quiet", ...flags, ...words];
}

const READY_TRIES = 200;

/** A process that answers HTTP. */
export interface BenchServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** Writes a line. */
export function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Starts a program that listens on `port` and waits until it answers. */
export async function startServer(args: readonly string[], port: number): Promise<BenchServer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: runArgs(args),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  for (let tries = 0; tries < READY_TRIES; tries++) {
    const answered = await fetch(`http://127.0.0.1:${port}/`)
      .then((answer) => answer.arrayBuffer().then(() => true), () => false);
    if (answered) break;
    await new Promise<void>((resolve) => setTimeout(resolve, 25));
  }
  return {
    port,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** The baseline: a bare `Deno.serve` with a constant body; `reads` makes it look at requests, as `bare_server.ts` says. */
export function startBare(bytes: number, kind?: "reads"): Promise<BenchServer> {
  const port = freePort();
  const program = new URL("bare_server.ts", import.meta.url).pathname;
  const more = kind === undefined ? [] : [kind];
  return startServer([program, String(bytes), String(port), ...more], port);
}

/** A port that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Resident memory in MiB. */
export function rssMb(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** The variables that the image sets. */
export function imageEnv(): Readonly<Record<string, string>> {
  const text = Deno.readTextFileSync(new URL("../Dockerfile", import.meta.url));
  return Object.fromEntries(
    [...text.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}

/** A folder for what the runtime compiles, of this measurement alone: it reads the journal of all at every start. */
export async function ownCache(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "kcfg-bench-cache-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Resident memory in MiB of a program two seconds after its start, middle one of three; as in the image. */
export async function idleRssMb(args: readonly string[]): Promise<number> {
  await using cache = await ownCache();
  const sizes: number[] = [];
  // The first one compiles.
  for (let round = -1; round < 3; round++) {
    const child = new Deno.Command(Deno.execPath(), {
      args: runArgs(args),
      env: { ...imageEnv(), DENO_DIR: cache.path },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await new Promise<void>((resolve) => setTimeout(resolve, 2000));
    if (round >= 0) sizes.push(rssMb(child.pid));
    child.kill("SIGKILL");
    await child.status;
  }
  return median(sizes);
}

/** Seconds of processor time a process has used. */
export function cpuSeconds(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The value below which `share` of the values are. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
