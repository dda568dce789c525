/** A standard stream as a sink for text. */

import type { TextSink } from "./context.ts";

/** Wraps a stream; a reader that went away (`kcfg … | head`) is success, and nothing more is said to it. */
export function textSink(stream: typeof Deno.stdout): TextSink {
  const encoder = new TextEncoder();
  let broken = false;
  return {
    isTerminal: stream.isTerminal(),
    get isGone() {
      return broken;
    },
    write(text) {
      if (broken) return;
      let rest = encoder.encode(text);
      try {
        while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
        broken = true;
      }
    },
  };
}
