/** The supervised application: started with the first version, signalled, stopped with its group (reload.md 9). */

import type { Logger } from "#lib/log/logger.ts";
import { type Clock, sleep } from "#lib/run/clock.ts";
import { killGroup } from "./hook.ts";

/** How it is run. */
export interface ChildOptions {
  readonly argv: readonly string[];
  readonly stdin: "null" | "inherit";
  readonly killSignal: Deno.Signal;
  readonly killTimeoutMs: number;
  /** Whether stop signals go to the whole group. */
  readonly killGroup: boolean;
}

/** The end of a child. */
export interface ChildEnd {
  /** Exit code, 128 + n for signal n. */
  readonly code: number;
  readonly signal: string | null;
}

/** Exit statuses of a program that could not be started, as shells have them. */
const EXIT_NOT_EXECUTABLE = 126;
const EXIT_NOT_FOUND = 127;

/** It could not be started. */
export class ChildStartError extends Error {
  override readonly name = "ChildStartError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** One application over its restarts. */
export class Child {
  readonly #options: ChildOptions;
  readonly #deps: { readonly clock: Clock; readonly log: Logger };
  #process: Deno.ChildProcess | undefined;
  #ended: Promise<ChildEnd> | undefined;
  #isRunning = false;
  /** Whether the end under way was asked for. */
  #isExpected = false;
  /** Whether it is to stop for good, so that a restart under way must not start it again. */
  #isOver = false;
  /** When it was started, milliseconds since the epoch. */
  startedAtMs = 0;
  #startedMonotonicMs = 0;
  restarts = 0;
  /** Called when it ends without being asked to. */
  onEnd: (end: ChildEnd) => void = () => {};

  constructor(options: ChildOptions, deps: { readonly clock: Clock; readonly log: Logger }) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Process id; `undefined` before the start. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** How long ago it was started, milliseconds. */
  get ageMs(): number {
    return this.#deps.clock.monotonic() - this.#startedMonotonicMs;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Starts it, in a session of its own.
   *
   * @throws {ChildStartError} with the exit status a shell would give
   */
  start(env: Readonly<Record<string, string>>): void {
    const [program = "", ...args] = this.#options.argv;
    try {
      this.#process = new Deno.Command(program, {
        args,
        env: { ...env },
        stdin: this.#options.stdin,
        stdout: "inherit",
        stderr: "inherit",
        detached: true,
      }).spawn();
    } catch (error) {
      const isMissing = error instanceof Deno.errors.NotFound;
      throw new ChildStartError(
        `Cannot start "${program}": ${isMissing ? "no such program" : reasonOf(error)}`,
        isMissing ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE,
        { cause: error },
      );
    }
    this.#isRunning = true;
    this.#isExpected = false;
    this.startedAtMs = this.#deps.clock.now();
    this.#startedMonotonicMs = this.#deps.clock.monotonic();
    const { pid, status } = this.#process;
    this.#deps.log.info("application started", { pid, program });
    this.#ended = status.then(({ code, signal }) => {
      this.#isRunning = false;
      this.#deps.log.info("application ended", { pid, code, ...(signal !== null && { signal }) });
      const end = { code, signal };
      if (!this.#isExpected) this.onEnd(end);
      return end;
    });
  }

  /** Sends a signal to the process alone; nothing happens when it is gone. */
  signal(name: Deno.Signal): void {
    if (this.#process === undefined || !this.#isRunning) return;
    try {
      this.#process.kill(name);
    } catch (error) {
      // It ended a moment ago.
      if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
    }
  }

  /**
   * Asks it to stop for good; when the time is over, or `hurry` is aborted, its whole group is killed. Resolves to its
   * end.
   */
  async stop(hurry: AbortSignal): Promise<ChildEnd | undefined> {
    this.#isOver = true;
    return await this.#end(hurry);
  }

  async #end(hurry: AbortSignal): Promise<ChildEnd | undefined> {
    const { killSignal, killTimeoutMs } = this.#options;
    if (this.#process === undefined || this.#ended === undefined) return undefined;
    if (!this.#isRunning) return await this.#ended;
    this.#isExpected = true;
    const { pid } = this.#process;
    this.askToStop(killSignal);
    const waiting = new AbortController();
    const patience = sleep(killTimeoutMs, {
      clock: this.#deps.clock,
      signal: AbortSignal.any([hurry, waiting.signal]),
    }).catch(() => undefined);
    const outcome = await Promise.race([this.#ended, patience.then(() => "late" as const)]);
    waiting.abort();
    // What it started and left behind goes too.
    killGroup(pid, "SIGKILL");
    if (outcome !== "late") return outcome;
    this.#deps.log.warn("application killed, it did not stop in time", { pid });
    return await this.#ended;
  }

  /** The stop signal, to the group or to the process alone. */
  askToStop(name: Deno.Signal): void {
    if (this.#process === undefined || !this.#isRunning) return;
    if (this.#options.killGroup) killGroup(this.#process.pid, name);
    else this.signal(name);
  }

  /** Stops it and starts it again. @throws {Error} when it was stopped for good meanwhile */
  async restart(env: Readonly<Record<string, string>>, hurry: AbortSignal): Promise<void> {
    await this.#end(hurry);
    if (this.#isOver) throw new Error("the application is stopped, it is not started again");
    this.restarts += 1;
    this.start(env);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
