/** What happens to a fault that nobody caught: one line that says so, as for any other error, and the end. */

import type { TextSink } from "./context.ts";

/** From now on such a fault is written to `stderr`, with a stack only when debugging, and `exit` called with 1. */
export function endOnFault(
  { stderr, isDebugging, exit }: {
    readonly stderr: TextSink;
    readonly isDebugging: boolean;
    readonly exit: (code: number) => void;
  },
): void {
  const end = (event: Event, fault: unknown) => {
    event.preventDefault();
    const text = fault instanceof Error ? fault.message : String(fault);
    const stack = isDebugging && fault instanceof Error ? `\n${fault.stack}` : "";
    stderr.write(`kcfg: error: Fault of kcfg itself: ${text}${stack}\n`);
    exit(1);
  };
  globalThis.addEventListener("error", (event) => end(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => end(event, event.reason));
}
