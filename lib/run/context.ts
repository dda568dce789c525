/** What the process gives to a command. Made once in `main.ts`; tests make their own. */

import type { Clock } from "./clock.ts";

/** A stream for text. Writing to a reader that is gone is not an error of ours. */
export interface TextSink {
  write(text: string): void;
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Whether the last reader is gone, as far as a write has told; absent where that is never known. */
  readonly isGone?: boolean;
}

/** Signals a command may listen to besides the two that stop it. */
export type ExtraSignal =
  | "SIGHUP"
  | "SIGUSR1"
  | "SIGUSR2"
  | "SIGQUIT"
  | "SIGWINCH"
  | "SIGCONT"
  | "SIGALRM"
  | "SIGIO"
  | "SIGPWR"
  | "SIGURG"
  | "SIGTSTP"
  | "SIGTTIN"
  | "SIGTTOU"
  | "SIGPIPE"
  | "SIGCHLD";

/** Surroundings of one run. */
export interface RunContext {
  /** Snapshot of the environment at start. */
  readonly env: Readonly<Record<string, string>>;
  /** Results. */
  readonly stdout: TextSink;
  /** Logs and messages. */
  readonly stderr: TextSink;
  readonly clock: Clock;
  /** Aborted by the first SIGTERM or SIGINT: stop taking work, finish what is under way, return. */
  readonly signal: AbortSignal;
  /** Calls `listener` on each `name` until disposed. */
  onSignal(name: ExtraSignal, listener: () => void): Disposable;
  /**
   * Calls `listener` on each further SIGTERM or SIGINT, until disposed, in place of ending the process at once.
   * Absent in the strict sandbox, whose launcher keeps that end to itself.
   */
  onStopAgain?(listener: () => void): Disposable;
}
