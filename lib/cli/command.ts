/** What a command is to the dispatcher: its only door. The folder below `commands/` is the word users type. */

import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { RunContext } from "#lib/run/context.ts";
import type { FlagTable } from "./flag.ts";
import type { ResolvedFlags } from "./resolve_flags.ts";
import type { ScannedArgs } from "./scan_args.ts";
import type { Positionals } from "./scannable_command.ts";

/** A command; `O` is its checked options. */
export interface Command<O = unknown, T extends FlagTable = FlagTable> {
  /** The word users type. */
  readonly name: string;
  /** One line, without a final period. */
  readonly summary: string;
  /** Paragraphs for help and the generated page. */
  readonly description: readonly string[];
  /** Command lines worth copying, each with what it does. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  readonly flags: T;
  readonly positionals?: Positionals;
  /** Whether arguments behind `--` belong to it. */
  readonly takesPassthrough?: boolean;
  /** Malformed environment variables fall back to the default; the command reports them. */
  readonly lenientEnv?: boolean;
  /** Variables it reads that have no flag. */
  readonly variables?: readonly string[];
  /** Exit code when a second signal arrives during the drain, 1 by default. */
  readonly secondSignalExitCode?: number;
  /**
   * Replaces variables whose text only names their value. Called before anything else, with every permission
   * still there.
   *
   * @throws {UsageError} when a value cannot be had
   */
  resolveEnv?(
    env: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, string>>>;
  /**
   * Checks flags against each other; `env` is for variables that have no flag. Pure, but may load what only some
   * flags need.
   *
   * @throws {UsageError} when they contradict
   */
  options(
    resolved: ResolvedFlags<T>,
    scanned: ScannedArgs,
    env: Readonly<Record<string, string>>,
  ): O | Promise<O>;
  /**
   * Whether its first work is a TLS connection: then what that takes of the processor's time is begun on another
   * thread while permissions are found out and modules loaded. Pure; false by default.
   */
  connectsAtStart?(options: O): boolean;
  /**
   * What the command needs of the runtime for these options; everything else is dropped before `run`. May
   * read configuration to find out, and must not do anything else.
   */
  permissions(options: O): PermissionNeeds | Promise<PermissionNeeds>;
  /**
   * The same for `--sandbox=strict`, exact: absolute paths, hosts with ports, names of variables; a kind
   * without entries is closed. Called with every permission still there, and the last to have them. A command
   * without it refuses the strict sandbox.
   *
   * @throws {UsageError} when these options cannot be had under it
   */
  strictPermissions?(options: O): Promise<PermissionNeeds>;
  /** Does the work until done or until `context.signal` is aborted; resolves to the exit code. */
  run(options: O, context: RunContext): Promise<number>;
}

/** One row of the command table: what `kcfg` lists, and how the command is loaded. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  // deno-lint-ignore no-explicit-any -- options types differ by command; the dispatcher only passes them on
  readonly load: () => Promise<{ readonly command: Command<any, any> }>;
  /**
   * Makes the runtime read the files that the command imports later, for when it drops the permission to. The
   * bundle has it; from source the runtime reads them with the command.
   */
  readonly readParts?: (() => Promise<unknown>) | undefined;
}
