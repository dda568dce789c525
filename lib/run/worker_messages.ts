/** What launcher and worker of the strict sandbox tell each other. Plain data; both ends are the same program. */

import type { ExtraSignal } from "./context.ts";
import type { Grants } from "./grants.ts";
import type { StopSignal } from "./stop_request.ts";

/** From the launcher. */
export type LauncherMessage =
  | {
    /** The launcher has dropped everything: begin. */
    readonly kind: "start";
    readonly args: readonly string[];
    /** Variables the command declares, and no others. */
    readonly env: Readonly<Record<string, string>>;
    readonly grants: Grants;
  }
  /** The first SIGTERM or SIGINT. */
  | { readonly kind: "stop"; readonly name: StopSignal }
  | { readonly kind: "signal"; readonly name: ExtraSignal };

/** From the worker. */
export type WorkerMessage =
  /** All modules are there: the launcher need not read any more. */
  | { readonly kind: "loaded" }
  /** Signals of this name are wanted, or no longer. */
  | { readonly kind: "listen"; readonly name: ExtraSignal; readonly wanted: boolean }
  | { readonly kind: "exit"; readonly code: number }
  /** The isolate ends, whoever ended it; nothing comes behind. */
  | { readonly kind: "ended" };
