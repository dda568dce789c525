/** What the library takes from the program it runs in, on every runtime: variables, and a way to stderr. */

import { createLogger } from "#lib/log/create_logger.ts";
import type { Logger } from "#lib/log/logger.ts";
import { type Clock, systemClock } from "#lib/run/clock.ts";

interface Host {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  readonly console: { error(text: string): void };
}

/** A variable of the environment; `undefined` when unset, empty or not permitted. */
export function hostVariable(name: string): string | undefined {
  try {
    return (globalThis as unknown as Host).process?.env?.[name] || undefined;
  } catch {
    // Not permitted: as if unset.
    return undefined;
  }
}

/** The logger of who gives none: warnings and errors, one line each, to stderr. */
export function stderrLogger(clock: Clock = systemClock): Logger {
  const sink = {
    isTerminal: false,
    write: (text: string) => (globalThis as unknown as Host).console.error(text.trimEnd()),
  };
  return createLogger({ level: "warn", format: "text" }, { sink, clock });
}
