/**
 * One run of flags-watch: schema and known values, then the check of `--once` or the service until it is told to stop.
 * What a usual start needs is imported here as one, because each further file on the way costs a share of it.
 */

import { formatAddress } from "#lib/http/address.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { aborted } from "#lib/run/aborted.ts";
import type { RunContext } from "#lib/run/context.ts";
import { processReadings } from "#lib/run/process_readings.ts";
import { tellingWhenUnread } from "#lib/run/telling_when_unread.ts";
import { createApp } from "./app.ts";
import type { FlagsWatchOptions } from "./options.ts";
import { prepare, type Prepared } from "./prepare.ts";
import { createSource } from "./sources.ts";

/** Runs until it is told to stop; resolves to the exit status. */
export async function run(options: FlagsWatchOptions, context: RunContext): Promise<number> {
  const prepared = await prepare(options, context);
  if (options.emitsTypes) {
    const { emitTypes } = await import("./types/emit_types.ts");
    context.stdout.write(emitTypes(prepared.flags, prepared.schema));
    return 0;
  }
  try {
    return await (options.once ? check : serve)(options, context, prepared);
  } catch (err) {
    // Asked to stop while still starting: that is no failure.
    if (context.signal.aborted && err === context.signal.reason) return 0;
    throw err;
  } finally {
    prepared.log.flush();
  }
}

async function check(
  options: FlagsWatchOptions,
  context: RunContext,
  { flags, log }: Prepared,
): Promise<number> {
  const { clock } = context;
  const source = await createSource(options, { clock, log, metrics: new Metrics() });
  const { checkOnce } = await import("./once.ts");
  // A linter is silent about what is well.
  if (options.log.level === "info") log.change({ level: "warn" });
  return await checkOnce(options, { flags, source, log, ...context });
}

async function serve(
  options: FlagsWatchOptions,
  { clock, stdout, env, signal, onSignal }: RunContext,
  { flags, log, settleLog }: Prepared,
): Promise<number> {
  const metrics = new Metrics();
  const source = await createSource(options, { clock, log, metrics });
  const readings = processReadings();
  const unread = new AbortController();
  const lines = tellingWhenUnread(stdout, () => {
    if (isForReaderAlone(options)) unread.abort();
  });
  const app = createApp(options, {
    ...{ flags, source, clock, log, metrics, readings, env },
    stdout: lines,
    onSettled: settleLog,
    onReady(address) {
      log.info("ready", {
        ...(address === undefined ? {} : { listen: formatAddress(address) }),
        flags: flags.entries().length,
        source: source?.source.description,
      });
      log.flush();
    },
  });
  using _reread = onSignal("SIGHUP", () => {
    log.info("reading again by signal");
    app.refresh().catch((err) => log.error("reading again failed", { err }));
  });
  await app.start(signal);
  await Promise.race([aborted(signal), aborted(unread.signal)]);
  log.info("stopping");
  await app.stop();
  log.info("stopped");
  return 0;
}

/** Whether a run has nothing left to do once nobody reads its lines any more: `kcfg flags-watch … | head -1`. */
function isForReaderAlone({ http, hooks, outFile }: FlagsWatchOptions): boolean {
  return http === undefined && outFile === undefined && hooks.command === undefined &&
    hooks.request === undefined;
}
