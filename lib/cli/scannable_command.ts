/** What is to be known of a command before its arguments can be read. */

import type { FlagTable } from "./flag.ts";

/** Positional arguments a command takes. */
export interface Positionals {
  /** What stands for one of them in help. */
  readonly placeholder: string;
  readonly brief: string;
  /** Fewest and most; 0 and 1 for an optional one. */
  readonly minimum: number;
  readonly maximum: number;
}

/** A command as those see it who read, explain or complete its arguments. */
export interface ScannableCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: FlagTable;
  readonly positionals?: Positionals | undefined;
  readonly takesPassthrough?: boolean | undefined;
}

/** Where to read on after a mistake. */
export function helpHint({ name }: Pick<ScannableCommand, "name">): string {
  return `"kcfg help ${name}" lists what it takes`;
}
