/**
 * Hooks after updates (flags-watch.md 8.2 and 8.3): when they run and what they are told. One at a time each;
 * updates meanwhile are merged into the next run.
 */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { FlagCounters } from "../flag_metrics.ts";
import type { HookOptions } from "../options.ts";
import { eventOf, type HookEvent, mergeEvents, startEvent } from "./hook_event.ts";
import { HookQueue } from "./hook_queue.ts";

/** What hooks need. */
export interface HooksDeps {
  readonly flags: FlagSet;
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string>>;
  readonly counters: Pick<FlagCounters, "hookRuns">;
  /** Whether lines of our own go to stdout, where a hook's would mix with them. */
  readonly isStdoutTaken: boolean;
}

/** Starts what the options ask for. */
export function startHooks(options: HookOptions, deps: HooksDeps): AsyncDisposable {
  const { flags, clock } = deps;
  const queues: HookQueue<HookEvent>[] = [];
  const queue = (
    hook: string,
    run: (event: HookEvent, signal: AbortSignal) => Promise<void>,
    again: "once" | "until-success",
  ) =>
    queues.push(
      new HookQueue(
        { name: hook, merge: mergeEvents, run, again, timeoutMs: options.timeoutMs },
        deps,
      ),
    );
  const { command, request } = options;
  if (command !== undefined) {
    queue("command", async (event, signal) => {
      const { runCommand } = await import("./hook_command.ts");
      await runCommand(command, { event, signal, withSecrets: options.withSecrets }, deps);
    }, "once");
  }
  if (request !== undefined) {
    queue("http", async (event, signal) => {
      const { sendRequest } = await import("./hook_request.ts");
      await sendRequest(request, event, signal);
    }, "until-success");
  }
  const tell = (event: HookEvent) => queues.forEach((one) => one.add(event));
  if (options.onStart) tell(startEvent(flags));
  const stop = flags.onUpdate((update) => {
    if (update.changes.length > 0) tell(eventOf(flags, update, { clock, ...options }));
  });
  return {
    async [Symbol.asyncDispose]() {
      stop();
      await Promise.all(queues.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
