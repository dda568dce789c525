/** What is told of changes besides HTTP (flags-watch.md 8): lines, a file, hooks. Each follows the set by itself. */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { FlagCounters } from "../flag_metrics.ts";
import type { FlagsWatchOptions } from "../options.ts";

/** What the outputs need. */
export interface OutputsDeps {
  readonly flags: FlagSet;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stdout: { write(text: string): void };
  readonly env: Readonly<Record<string, string>>;
  readonly counters: Pick<FlagCounters, "hookRuns">;
}

/** The outputs at work. */
export interface Outputs {
  /** A name in the source that no flag has, or that has gone. */
  tell(event: "unknown" | "removed", name: string): void;
  /** Ends them; a hook under way is stopped. */
  stop(): Promise<void>;
}

/** Starts those that `options` ask for. Resolves when what belongs to the start is done. */
export async function startOutputs(
  { output, outFile, hooks }: FlagsWatchOptions,
  deps: OutputsDeps,
): Promise<Outputs> {
  const lines = output === "none"
    ? undefined
    : new (await import("./lines.ts")).Lines(output, deps);
  const parts: AsyncDisposable[] = [];
  if (outFile !== undefined) {
    const { ValuesFile } = await import("./values_file.ts");
    const file = new ValuesFile(outFile, deps);
    parts.push(file);
    await file.write();
  }
  if (hooks.command !== undefined || hooks.request !== undefined) {
    const { startHooks } = await import("./hooks.ts");
    parts.push(startHooks(hooks, { ...deps, isStdoutTaken: output !== "none" }));
  }
  return {
    tell: (event, name) => lines?.tell(event, name),
    async stop() {
      lines?.[Symbol.dispose]();
      await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()));
    },
  };
}
