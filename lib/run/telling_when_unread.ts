/** Hearing that nobody reads a stream any more: `kcfg … | head -1`. */

import type { TextSink } from "./context.ts";

/** The same stream; calls `onUnread` after each write that finds the last reader gone. */
export function tellingWhenUnread(sink: TextSink, onUnread: () => void): TextSink {
  return {
    isTerminal: sink.isTerminal,
    get isGone() {
      return sink.isGone === true;
    },
    write(text) {
      sink.write(text);
      if (sink.isGone === true) onUnread();
    },
  };
}
