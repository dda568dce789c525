/** Telling a demo: what is about to be seen, the command line, and what it prints. */

import { startKubeServer } from "../tests/support/kube_server.ts";
import type { KubeServer } from "../tests/support/kube_server.ts";
import type { KubeServerOptions } from "../tests/support/kube_server/options.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const RUN_KCFG = ["run", "-A", "--no-prompt", "--quiet", "main.ts"];
const STEP_MS = 5000;

/** Writes a line. */
export function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Shows `kcfg …` and runs it from source; its output goes to the terminal. Resolves to the exit code. */
export async function showKcfg(
  args: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  say(`\n$ kcfg ${args.join(" ")}`);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [...RUN_KCFG, ...args],
    cwd: ROOT,
    env,
    stdin: "null",
  }).spawn().status;
  say(`(exit status ${code})`);
  return code;
}

/** A running kcfg whose output is read as it comes. */
export interface FollowedKcfg {
  readonly child: Deno.ChildProcess;
  readonly output: FollowedStream;
  readonly log: FollowedStream;
}

/** Runs `kcfg …` from source in the background; `onLine` gets each line of its output. */
export function followKcfg(
  args: readonly string[],
  { env, onLine = () => undefined }: {
    readonly env: Record<string, string>;
    readonly onLine?: (line: string) => void;
  },
): FollowedKcfg {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN_KCFG, ...args],
    cwd: ROOT,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return {
    child,
    output: follow(child.stdout, onLine),
    log: follow(child.stderr, () => undefined),
  };
}

/** An API server inside the demo and a kubeconfig that points to it; both are gone afterwards. */
export async function withApiServer<T>(
  options: KubeServerOptions,
  tell: (server: KubeServer, saveKubeconfig: (token: string) => Promise<string>) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "kcfg-demo-" });
  try {
    await using server = await startKubeServer(options);
    return await tell(server, async (token) => {
      const path = `${folder}/config`;
      await Deno.writeTextFile(path, server.kubeconfig({ token }), { mode: 0o600 });
      return path;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A stream that is read as it comes. */
export interface FollowedStream {
  /** Everything so far. */
  text(): string;
  /** Resolves when the stream has ended. */
  readonly done: Promise<void>;
  /** Waits for a text that matches; rejects when a step takes too long. */
  until(pattern: RegExp): Promise<void>;
}

/** Reads lines, and waits for one that matches, five seconds at most. */
function follow(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: string) => void,
): FollowedStream {
  let [text, rest] = ["", ""];
  let onText = () => {};
  const done = (async () => {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(onLine);
      text += chunk;
      onText();
    }
  })();
  const until = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`nothing like ${pattern} was said`)),
        STEP_MS,
      );
      onText = () => {
        if (!pattern.test(text)) return;
        clearTimeout(timer);
        resolve();
      };
      onText();
    });
  return { text: () => text, done, until };
}
