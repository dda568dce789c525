/** `--watch`: the present state, then what changes, until interrupted (resolve.md 11.3). */

import type { EndpointEngine, Published } from "#lib/grpc_resolver/engine.ts";
import type { ResolvedEndpoint } from "#lib/grpc_resolver/resolution.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { RunContext } from "#lib/run/context.ts";
import { type Difference, differencesOf } from "./differences.ts";
import { openEngines, resolvedOf, waitForEngines } from "./engines.ts";
import { worstOf } from "./exit_codes.ts";
import type { ResolveOptions } from "./options.ts";
import { printResolved, snapshotLine } from "./print.ts";
import { endpointOf } from "./resolution_json.ts";
import { align, rowOf } from "./table.ts";

const NO_PROBES = new Map();
const EXIT_INTERRUPTED = 143;
const SIGNS = { ADDED: "+", REMOVED: "-", CHANGED: "~" } as const;

/** Follows all targets; 0 when interrupted after the first state, or after `--count` changes. */
export async function watchTargets(
  options: ResolveOptions,
  { withSnapshot, count }: NonNullable<ResolveOptions["watch"]>,
  { context, log }: { readonly context: RunContext; readonly log: Logger },
): Promise<number> {
  const { clock, signal } = context;
  await using opened = await openEngines(options, { clock, log });
  const first = await waitForEngines(opened.engines, { ...options, waitFor: undefined }, {
    clock,
    signal,
  });
  if (first === "stopped") return EXIT_INTERRUPTED;
  if (first === "timeout") {
    const resolved = opened.engines.map((engine) => resolvedOf(engine, first));
    printResolved(resolved, options, context);
    return worstOf(["unreachable"]);
  }
  const ended = Promise.withResolvers<void>();
  let left = count === 0 ? Infinity : count;
  const onChange = () => {
    left -= 1;
    if (left <= 0) ended.resolve();
    return left >= 0;
  };
  const isLines = options.output === "json" || options.output === "jsonl";
  for (const engine of opened.engines) {
    const writer = isLines
      ? new LineWriter(engine, options, context, onChange)
      : new TableWriter(engine, options, context, onChange);
    if (withSnapshot) writer.snapshot();
    engine.listen(writer);
  }
  const timer = options.timeoutMs === 0
    ? undefined
    : clock.timer(() => ended.resolve(), options.timeoutMs);
  const stop = () => ended.resolve();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  await ended.promise;
  timer?.cancel();
  return 0;
}

/** What both forms share: from published lists to differences. */
abstract class ChangeWriter {
  protected readonly engine: EndpointEngine;
  protected readonly options: ResolveOptions;
  protected readonly context: Pick<RunContext, "stdout" | "stderr" | "clock">;
  readonly #onChange: () => boolean;
  #before: readonly ResolvedEndpoint[];
  #wasEmpty: boolean;
  #isFailing = false;

  constructor(
    engine: EndpointEngine,
    options: ResolveOptions,
    context: Pick<RunContext, "stdout" | "stderr" | "clock">,
    onChange: () => boolean,
  ) {
    this.engine = engine;
    this.options = options;
    this.context = context;
    this.#onChange = onChange;
    this.#before = engine.published?.list.endpoints ?? [];
    this.#wasEmpty = engine.published?.failure !== undefined;
  }

  abstract snapshot(): void;
  protected abstract difference(difference: Difference, usable: number): void;
  protected abstract empty(reason: string): void;
  protected abstract error(code: string, message: string): void;
  protected abstract recovered(): void;

  onList(published: Published): void {
    this.#recover();
    const { list, failure, isComplete } = published;
    const before = this.#before;
    this.#before = list.endpoints;
    const { all } = this.options;
    for (const difference of differencesOf(before, list.endpoints, { all })) {
      if (this.#onChange()) this.difference(difference, list.usable.length);
    }
    if (failure !== undefined && !this.#wasEmpty && this.#onChange()) this.empty(failure.message);
    this.#wasEmpty = failure !== undefined;
    if (isComplete && before !== list.endpoints && before.length > 0) this.snapshot();
  }

  onState({ list }: Published): void {
    this.#recover();
    // What changes no usable address is of interest with --all alone.
    if (!this.options.all) return;
    const before = this.#before;
    this.#before = list.endpoints;
    for (const difference of differencesOf(before, list.endpoints, { all: true })) {
      if (this.#onChange()) this.difference(difference, list.usable.length);
    }
  }

  onError(failure: { readonly code: string; readonly message: string }): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.error(failure.code, failure.message);
  }

  #recover(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.recovered();
  }

  protected time(): string {
    return new Date(this.context.clock.now()).toISOString();
  }
}

/** One JSON object a line. */
class LineWriter extends ChangeWriter {
  snapshot(): void {
    this.context.stdout.write(
      `${snapshotLine(resolvedOf(this.engine, "done"), this.options.all)}\n`,
    );
  }

  protected difference(difference: Difference, usable: number): void {
    this.#write(difference.type, {
      endpoint: endpointOf(difference.endpoint, NO_PROBES),
      ...(difference.type === "CHANGED" && {
        previous: endpointOf(difference.previous, NO_PROBES),
      }),
      usable,
    });
  }

  protected empty(reason: string): void {
    this.#write("EMPTY", { reason });
  }

  protected error(code: string, message: string): void {
    this.#write("ERROR", { code, message });
  }

  protected recovered(): void {
    this.#write("RECOVERED", {});
  }

  #write(type: string, fields: Readonly<Record<string, unknown>>): void {
    const { canonical } = this.engine.target;
    const line = { type, time: this.time(), canonical, ...fields };
    this.context.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/** Rows with a time and a sign. */
class TableWriter extends ChangeWriter {
  snapshot(): void {
    printResolved([resolvedOf(this.engine, "done")], this.options, this.context);
  }

  protected difference({ type, endpoint }: Difference): void {
    const row = rowOf(endpoint, {
      wide: this.options.output === "wide",
      all: this.options.all,
      headers: false,
      withProbes: false,
      list: this.engine.published?.list,
      probes: NO_PROBES,
    });
    this.context.stdout.write(`${this.time()} ${SIGNS[type]} ${align([row])}`);
  }

  protected empty(reason: string): void {
    this.context.stdout.write(`${this.time()} ! ${reason}\n`);
  }

  protected error(_code: string, message: string): void {
    this.context.stdout.write(`${this.time()} ! ${message}\n`);
  }

  protected recovered(): void {
    this.context.stdout.write(`${this.time()} ! API server is followed again\n`);
  }
}
