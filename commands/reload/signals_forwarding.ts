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
];

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
  const ignore = (name: ExtraSignal) => stack.use(context.onSignal(name, () => {}));
  // It would end a process that does not listen.
  ignore("SIGPIPE");
  // A terminal stops us with these; beside an application that is as with any program.
  if (child === undefined) return stack;
  stack.use(context.onSignal("SIGTSTP", () => child.signal("SIGTSTP")));
  ignore("SIGTTIN");
  ignore("SIGTTOU");
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
