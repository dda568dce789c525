/** Names and numbers of signals that options may name (reload.md 2.4). */

/** Linux numbers, the same on amd64 and arm64. */
const NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGCONT: 18,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
};

/**
 * A signal by its name, with or without `SIG`, or by its number.
 *
 * @throws {SyntaxError} for one that does not exist or cannot be caught
 */
export function parseSignal(text: string): Deno.Signal {
  const upper = text.toUpperCase();
  const name = /^\d+$/.test(text)
    ? Object.keys(NUMBERS).find((candidate) => NUMBERS[candidate] === Number(text))
    : upper.startsWith("SIG")
    ? upper
    : `SIG${upper}`;
  if (name !== undefined && Object.hasOwn(NUMBERS, name)) return name as Deno.Signal;
  throw new SyntaxError(`"${text}" is no signal that a program can catch`);
}

/** Number of a signal. */
export function signalNumber(name: string): number {
  return NUMBERS[name] ?? (name === "SIGKILL" ? 9 : 0);
}
