/** What the client needs of the runtime besides Node's layer. `deno.ts` and `node.ts` provide it; tests fake it. */

import type { OpenLightTls } from "./transport/contract.ts";

/** Result of a finished program. */
export interface ProcessResult {
  /** Exit code. */
  readonly code: number;
  /** Standard output, decoded. */
  readonly stdout: string;
}

/** A program to run. */
export interface ProcessOptions {
  /** Arguments, without the program itself. */
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Connects stdin; closed otherwise. stderr is always passed through. */
  readonly interactive: boolean;
  /** Ends the program (SIGTERM) and the wait for it and for whatever it has started. */
  readonly signal?: AbortSignal | undefined;
}

/** Most bytes of standard output that are kept; a program that writes more is killed. */
export const MAX_PROGRAM_OUTPUT_BYTES = 1024 * 1024;

/** What is said of a program that writes more. */
export function outputTooLong(): RangeError {
  return new RangeError(`it wrote more than ${MAX_PROGRAM_OUTPUT_BYTES} bytes`);
}

/** The runtime's files, environment and processes. */
export interface KubePlatform {
  /** Content of a file; undefined when there is none. Other failures throw. */
  readTextFile(path: string): Promise<string | undefined>;
  /** An environment variable; undefined when unset or not permitted. */
  env(name: string): string | undefined;
  /**
   * Runs a program to its end; `undefined` when not found.
   *
   * @throws when it cannot be started, writes more than `MAX_PROGRAM_OUTPUT_BYTES`, or was ended by the signal
   */
  run(command: string, options: ProcessOptions): Promise<ProcessResult | undefined>;
  /** Whether stdin is a terminal. */
  stdinIsTerminal(): boolean;
  /** TLS of the runtime's own, where it has one and nothing was added to what it trusts. */
  readonly openLightTls?: OpenLightTls | undefined;
  /** `linux`, `darwin`, `windows`. */
  readonly os: string;
  /** `amd64`, `arm64`. */
  readonly arch: string;
}
