/** The actions that the options name, in their order; what only one of them needs is loaded for it alone. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { Child } from "../child.ts";
import { runHook } from "../hook.ts";
import type { ReloadOptions } from "../options.ts";
import { type Action, hookEnvironment } from "./action.ts";
import type { HttpActionDeps } from "./http_action.ts";

/** What actions need. */
export interface ActionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string>>;
  /** The application, where there is one. */
  readonly child: Child | undefined;
  /** Stops and starts the application. */
  readonly restart: (signal: AbortSignal) => Promise<void>;
  readonly onRequest: NonNullable<HttpActionDeps["onRequest"]>;
}

/** Makes them. */
export async function createActions(
  options: ReloadOptions,
  deps: ActionDeps,
): Promise<readonly Action[]> {
  return await Promise.all(options.actions.map((name) => createAction(name, options, deps)));
}

async function createAction(
  name: Action["name"],
  options: ReloadOptions,
  deps: ActionDeps,
): Promise<Action> {
  const { clock, log, env, child } = deps;
  switch (name) {
    case "http": {
      const { createHttpAction } = await import("./http_action.ts");
      return createHttpAction(options.http, deps);
    }
    case "signal": {
      const { createSignalAction } = await import("./signal_action.ts");
      if (child === undefined) throw new TypeError("The signal action needs an application");
      const { reloadSignal: signal, signalWaitMs: waitMs } = options;
      return createSignalAction({ signal, waitMs }, { child, clock, log });
    }
    case "process": {
      const { createProcessAction } = await import("./process_action.ts");
      return createProcessAction({ ...options.signalProcess, signal: options.reloadSignal });
    }
    case "pidfile": {
      const { createPidfileAction } = await import("./process_action.ts");
      return createPidfileAction({ file: options.pidFile, signal: options.reloadSignal });
    }
    case "command":
      return commandAction(options, { clock, log, env });
    case "restart":
      return { name, run: (_run, signal) => deps.restart(signal) };
    case "none":
      return { name, run: () => Promise.resolve() };
  }
}

function commandAction(
  { reloadCommand, http, configRoot }: ReloadOptions,
  { clock, log, env }: Pick<ActionDeps, "clock" | "log" | "env">,
): Action {
  return {
    name: "command",
    async run(run, signal) {
      const result = await runHook({
        argv: reloadCommand,
        env: {
          ...env,
          ...hookEnvironment(run, configRoot),
          KCFG_RELOAD_REASON: run.reason,
        },
        timeoutMs: http.timeoutMs,
        clock,
        onLine: (line) => log.info("reload command", { line }),
      }, signal);
      if (!result.ok) throw new Error(result.reason);
    },
  };
}
