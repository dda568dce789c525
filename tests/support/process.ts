/** Starts kcfg as a process, keeps its log, and never leaves it behind. */

import { V8_FLAGS_ARG } from "../../tools/v8_flags.ts";
import { eventually } from "./eventually.ts";

// Authorities that this machine adds to the public ones would be more than a pod has.
const PLAIN = { NO_COLOR: "1", NODE_EXTRA_CA_CERTS: "" };
const ROOT = new URL("../..", import.meta.url).pathname;

/** A running kcfg. */
export interface KcfgProcess extends AsyncDisposable {
  /** Process id. */
  readonly pid: number;
  signal(name: Deno.Signal): void;
  /** Waits for the end, at most 5 s. */
  exitCode(): Promise<number>;
  /** Everything written to stderr so far. */
  stderr(): string;
  /** Everything written to stdout so far. */
  stdout(): string;
  /** Stops reading stdout, as `head` does. */
  leaveStdout(): Promise<void>;
  /** The first JSON log line with `message`, once it was written. */
  logLine(message: string): Record<string, unknown> | undefined;
}

/** How to start. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the executable named by `KCFG_BIN`, else the bundle named by `KCFG_TEST_BUNDLE`, else the source. */
export function startKcfg(args: readonly string[], { env = {} }: StartOptions = {}): KcfgProcess {
  const { program, prefix } = programForm();
  const child = new Deno.Command(program, {
    args: [...prefix, ...args],
    env: { ...PLAIN, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = collect(child.stderr);
  const stdout = collect(child.stdout);
  let ended = false;
  const status = child.status.finally(() => ended = true);

  async function exitCode(): Promise<number> {
    await eventually("the process has ended", () => ended, { withinMs: 4900 });
    // A program that it left behind holds them open.
    await eventually("its streams have ended", () => stderr.isDone() && stdout.isDone());
    return (await status).code;
  }

  return {
    pid: child.pid,
    signal: (name) => child.kill(name),
    exitCode,
    stderr: stderr.text,
    stdout: stdout.text,
    leaveStdout: stdout.leave,
    logLine(message) {
      const lines = stderr.text().split("\n").slice(0, -1).filter((line) => line.startsWith("{"));
      return lines.map((line) => JSON.parse(line)).find((line) => line.message === message);
    },
    async [Symbol.asyncDispose]() {
      if (!ended) child.kill("SIGKILL");
      await exitCode();
    },
  };
}

/** What a program left behind. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kcfg, as `startKcfg` starts it, to its end. */
export function runKcfg(args: readonly string[]): Promise<Ended> {
  const { program, prefix } = programForm();
  return ended(new Deno.Command(program, { args: [...prefix, ...args], env: PLAIN }));
}

/** Runs `deno task demo NAME` to its end. */
export function runDemo(name: string): Promise<Ended> {
  const args = ["run", "-A", "--no-prompt", "--quiet", "tools/demo.ts", name];
  return ended(new Deno.Command(Deno.execPath(), { args, cwd: ROOT }));
}

async function ended(command: Deno.Command): Promise<Ended> {
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

function programForm(): { readonly program: string; readonly prefix: readonly string[] } {
  const executable = Deno.env.get("KCFG_BIN");
  if (executable !== undefined) return { program: executable, prefix: [] };
  const bundle = Deno.env.get("KCFG_TEST_BUNDLE");
  // The bundle as the executable would run it.
  const form = bundle === undefined ? [`${ROOT}main.ts`] : [V8_FLAGS_ARG, bundle];
  return { program: Deno.execPath(), prefix: ["run", "-A", "--no-prompt", "--quiet", ...form] };
}

/** What a program has written to a stream so far, and whether that is all. */
export interface Collected {
  text(): string;
  isDone(): boolean;
  /** Closes the stream. */
  leave(): Promise<void>;
}

/** Reads a stream to its end. */
export function collect(stream: ReadableStream<Uint8Array>): Collected {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let isDone = false;
  void (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
    }
    isDone = true;
  })();
  return { text: () => text, isDone: () => isDone, leave: () => reader.cancel() };
}
