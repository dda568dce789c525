/** What the client needs of the runtime besides sockets. `deno.ts` and `node.ts` provide it; tests fake it. */

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
  /** Kills the program. */
  readonly signal?: AbortSignal | undefined;
}

/** The runtime's files, environment and processes. */
export interface KubePlatform {
  /** Content of a file; undefined when there is none. Other failures throw. */
  readTextFile(path: string): Promise<string | undefined>;
  /** An environment variable; undefined when unset or not permitted. */
  env(name: string): string | undefined;
  /** Runs a program to its end. @throws when it cannot be started; `undefined` when not found */
  run(command: string, options: ProcessOptions): Promise<ProcessResult | undefined>;
  /** Whether stdin is a terminal. */
  stdinIsTerminal(): boolean;
  /** `linux`, `darwin`, `windows`. */
  readonly os: string;
  /** `amd64`, `arm64`. */
  readonly arch: string;
}
