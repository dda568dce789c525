/** What the measurements of reload share: where files go, a target that is told, a process under measurement. */

import type { Wrap } from "../memory_group.ts";
import { imageEnv, runArgs } from "../processes.ts";

/** A folder in memory where there is one, so that the disk is not measured; gone with the bench. */
export async function benchFolder(): Promise<string> {
  const inMemory = await Deno.stat("/dev/shm").then(() => "/dev/shm", () => undefined);
  return await Deno.makeTempDir({ prefix: "kcfg-bench-", ...(inMemory && { dir: inMemory }) });
}

/** An application that is told by HTTP. */
export interface Target extends AsyncDisposable {
  readonly url: string;
  readonly count: number;
  /** Resolves with the next request's time. */
  next(): Promise<number>;
}

/** Starts one. */
export function startTarget(): Target {
  let count = 0;
  let waiting = Promise.withResolvers<number>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    count += 1;
    waiting.resolve(performance.now());
    waiting = Promise.withResolvers<number>();
    return new Response("noted");
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    get count() {
      return count;
    },
    next: () => waiting.promise,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A kcfg that is ready. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
}

/** Starts `reload` of the bundle `entry` and waits until it is ready. */
export async function startReady(
  [entry, ...args]: readonly string[],
  wrap: Wrap = (program, words) => ({ program, args: [...words] }),
): Promise<Running> {
  const words = runArgs([entry ?? "", "reload", "--log-format=json", ...args]);
  const wrapped = wrap(Deno.execPath(), words);
  const child = new Deno.Command(wrapped.program, {
    args: wrapped.args,
    env: imageEnv(),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const output = child.stderr.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let text = "";
  while (!text.includes('"ready"')) {
    const { done, value } = await output.next();
    if (done) throw new Error(`kcfg did not start: ${text}`);
    text += value;
  }
  const draining = (async () => {
    while (!(await output.next()).done);
  })();
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await draining;
    },
  };
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until a file begins with `text`, or there is no use in waiting. */
export async function untilBeginsWith(
  path: string,
  text: string,
  isLost: () => boolean = () => false,
): Promise<void> {
  while (!isLost() && !(await Deno.readTextFile(path).catch(() => "")).startsWith(text)) {
    await pause(1);
  }
}
