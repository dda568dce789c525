/** Signals that reach us and are meant for the application (reload.md 9.3). */

import type { ExtraSignal, RunContext } from "#lib/run/context.ts";
import type { Child } from "./child.ts";
import type { ReloadOptions } from "./options.ts";

const FORWARDED: readonly ExtraSignal[] = [
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGCONT",
  "SIGALRM",
  "SIGIO",
  "SIGPWR",
  "SIGURG",
  "SIGTSTP",
];
/** Would end or stop a process that does not listen. */
const IGNORED: readonly ExtraSignal[] = ["SIGPIPE", "SIGTTIN", "SIGTTOU"];

/** Listens from now on; what comes before the application exists is dropped. */
export function forwardSignals(
  context: Pick<RunContext, "onSignal">,
  child: Child | undefined,
  onQuit: () => void,
): Disposable {
  const stack = new DisposableStack();
  for (const name of FORWARDED) {
    stack.use(context.onSignal(name, () => {
      if (child !== undefined) child.signal(name);
      // Beside an application there is nobody to pass it on to.
      else if (name === "SIGQUIT") onQuit();
    }));
  }
  for (const name of IGNORED) stack.use(context.onSignal(name, () => {}));
  return stack;
}

/** A second stop signal is passed on once more, a third one kills. */
export function onFurtherStops(
  context: RunContext,
  child: Child | undefined,
  { child: options }: ReloadOptions,
  hurry: AbortController,
): Disposable {
  let further = 0;
  const listener = () => {
    further += 1;
    if (further === 1 && child !== undefined) child.askToStop(options?.killSignal ?? "SIGTERM");
    else hurry.abort();
  };
  return context.onStopAgain?.(listener) ?? { [Symbol.dispose]() {} };
}
