/** `--once`: reads, checks, prints the listing and ends; a linter for ConfigMaps, and a writer for init containers. */

import { readFileFlags } from "#lib/flags/file_flags.ts";
import { denoDirectoryAccess } from "#lib/flags/deno.ts";
import type { FlagSet } from "#lib/flags/flag_set.ts";
import { formatListing, listingOf } from "#lib/flags/listing.ts";
import { Updater } from "#lib/flags/updater.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { AppSource } from "./app.ts";
import { awaitDirectory } from "./awaited_directory.ts";
import { inferFlags, observeSource } from "./observed_source.ts";
import type { FlagsWatchOptions } from "./options.ts";

/** What one check needs. */
export interface OnceDeps {
  readonly flags: FlagSet;
  readonly source: AppSource | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly stdout: { write(text: string): void };
  readonly stderr: { write(text: string): void };
}

/**
 * Resolves to 0 when every value was accepted, else to 1, having told each bad one on stderr. The file of the values is
 * written only then.
 *
 * @throws {Error} when that file cannot be written
 */
export async function checkOnce(options: FlagsWatchOptions, deps: OnceDeps): Promise<number> {
  const { flags, source, log, signal } = deps;
  const problems: string[] = [];
  const attempt = async (work: () => Promise<void> | undefined) => {
    try {
      await work();
    } catch (err) {
      if (signal.aborted || !(err instanceof AggregateError)) throw err;
      problems.push(err.message);
    }
  };
  try {
    await attempt(() => readFileFlags(flags, denoDirectoryAccess.readFile));
    await awaitDirectory(options.source, deps);
    if (source !== undefined) {
      const updater = new Updater(flags, observed(source, options, flags), {
        log,
        atomic: options.atomic,
        unknown: options.schema.kind === "infer" ? "ignore" : options.unknown,
      });
      await attempt(() => readOnce(updater, source, signal));
    }
  } finally {
    await source?.close?.();
  }
  deps.stdout.write(`${formatListing(listingOf(flags, { setUrl: "" }))}\n`);
  for (const problem of problems) deps.stderr.write(`kcfg: error: ${problem}\n`);
  if (problems.length > 0) return 1;
  if (options.outFile !== undefined) {
    const { writeValues } = await import("./outputs/values_file.ts");
    await writeValues(flags, options.outFile);
  }
  return 0;
}

/** A service waits for its API server as long as it takes; who is asked for an answer must not. Milliseconds. */
const READ_LIMIT_MS = 60_000;

async function readOnce(
  updater: Updater,
  { source: { description }, refused }: AppSource,
  signal: AbortSignal,
): Promise<void> {
  const given = new AbortController();
  let reason = `no answer within ${READ_LIMIT_MS} ms`;
  void refused?.then((err) => {
    reason = err instanceof Error ? err.message : String(err);
    given.abort();
  });
  const limit = AbortSignal.any([signal, given.signal, AbortSignal.timeout(READ_LIMIT_MS)]);
  try {
    await updater.initialize({ signal: limit });
  } catch (error) {
    if (signal.aborted || !limit.aborted || error instanceof AggregateError) throw error;
    throw new Error(`Cannot read flags from ${description}: ${reason}`, { cause: error });
  }
}

function observed({ source }: AppSource, { schema }: FlagsWatchOptions, flags: FlagSet) {
  if (schema.kind !== "infer") return source;
  return observeSource(source, {
    onSnapshot: (snapshot) => inferFlags(flags, snapshot),
    onError() {},
  });
}
