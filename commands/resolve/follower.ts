/** One target of `--watch`: what was printed of it, and the lines that say what is new. */

import { failureCodeOf } from "#lib/grpc_resolver/failure.ts";
import { emptyText, failureText } from "#lib/grpc_resolver/messages.ts";
import type { Snapshot } from "#lib/grpc_resolver/resolver.ts";
import type { Target } from "#lib/grpc_resolver/target.ts";
import { endpointView } from "#lib/grpc_resolver/view.ts";
import type { RunContext } from "#lib/run/context.ts";
import { oneLine } from "#lib/term/one_line.ts";
import { type Change, changesBetween } from "./changes.ts";
import { explain } from "./explain.ts";
import { notesOf } from "./notes.ts";
import type { ResolveOptions } from "./options.ts";
import { rowOf, snapshotLine, tableOf } from "./print.ts";
import type { TargetState } from "./view.ts";

const MARKS = { ADDED: "+", REMOVED: "-", CHANGED: "~" } as const;

/** One target: remembers what was printed and prints what is new. */
export class Follower {
  readonly target: Target;
  readonly #options: ResolveOptions;
  readonly #context: RunContext;
  readonly #count: () => boolean;
  #snapshot: Snapshot | undefined;
  #error: unknown;
  #wasEmpty = false;

  constructor(
    target: Target,
    options: ResolveOptions,
    { context, counter }: { readonly context: RunContext; readonly counter: () => boolean },
  ) {
    this.target = target;
    this.#options = options;
    this.#context = context;
    this.#count = counter;
  }

  /** What is known now. */
  get state(): TargetState {
    return {
      target: this.target,
      snapshot: this.#snapshot,
      error: this.#error,
      probes: undefined,
    };
  }

  /** Prints differences, then, after a whole read, the state. */
  list(snapshot: Snapshot): void {
    const previous = this.#snapshot;
    this.#snapshot = snapshot;
    if (previous !== undefined) {
      const { all } = this.#options;
      const changes = changesBetween(previous.list.endpoints, snapshot.list.endpoints, { all });
      for (const change of changes) this.#change(change, snapshot);
    }
    const { empty } = snapshot.list;
    if (empty === undefined) this.#wasEmpty = false;
    else if (previous !== undefined && !this.#wasEmpty) this.#empty(snapshot);
    if (empty !== undefined) this.#wasEmpty = true;
    if (snapshot.isWholeRead || previous === undefined) this.#whole();
  }

  failure(error: unknown, retryInMs: number): void {
    this.#error = error;
    const message = failureText(this.target, error);
    const code = failureCodeOf({ snapshot: undefined, error });
    this.#line({ type: "ERROR", code, message, retryInMs: Math.round(retryInMs) }, `! ${message}`);
  }

  recovered(): void {
    this.#error = undefined;
    this.#line({ type: "RECOVERED" }, "! recovered");
  }

  /** A line that is neither a change nor a state. */
  tell(fields: Readonly<Record<string, unknown>>, text: string): void {
    this.#line(fields, text);
  }

  #change(change: Change, { list }: Snapshot): void {
    if (!this.#count()) return;
    const { type, endpoint } = change;
    this.#line({
      type,
      endpoint: endpointView(endpoint),
      ...(change.type === "CHANGED" ? { previous: endpointView(change.previous) } : {}),
      usable: list.usable.length,
    }, `${MARKS[type]} ${rowOf(endpoint, this.state, this.#options)}`);
  }

  #empty(snapshot: Snapshot): void {
    const { list } = snapshot;
    if (list.empty === undefined || !this.#count()) return;
    const reason = emptyText(this.target, list.empty, snapshot);
    this.#line({ type: "EMPTY", reason }, `! ${reason}`);
  }

  #whole(): void {
    const { output, follow, all } = this.#options;
    const { stdout, stderr, clock } = this.#context;
    if (this.#options.explain) stderr.write(explain(this.state));
    if (follow?.snapshot !== true) return;
    if (output === "jsonl") {
      return stdout.write(snapshotLine(this.state, { all, nowMs: clock.now() }));
    }
    const heading = this.#options.targets.length === 1 ? "" : `# ${this.target.canonical}\n`;
    stdout.write(heading + tableOf(this.state, this.#options));
    stderr.write(notesOf(this.state));
  }

  #line(fields: Readonly<Record<string, unknown>>, text: string): void {
    const { stdout, clock } = this.#context;
    const time = new Date(clock.now()).toISOString();
    const { type, ...rest } = fields;
    const { canonical } = this.target;
    stdout.write(
      this.#options.output === "jsonl"
        ? `${JSON.stringify({ type, time, canonical, ...rest })}\n`
        : `${time} ${oneLine(text)}\n`,
    );
  }
}
