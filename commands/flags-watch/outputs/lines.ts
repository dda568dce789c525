/** Changes as lines on stdout (flags-watch.md 8.1): JSON for programs, text for people. */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { FlagUpdate } from "#lib/flags/flag_set_contract.ts";
import { changeBodies, flagSetBody, updateBody } from "#lib/flags/wire.ts";
import type { Clock } from "#lib/run/clock.ts";

/** What the lines need. */
export interface LinesDeps {
  readonly flags: FlagSet;
  readonly clock: Clock;
  readonly stdout: { write(text: string): void };
}

/** Writes a snapshot, then each change, until disposed. */
export class Lines implements Disposable {
  readonly #form: "jsonl" | "text";
  readonly #deps: LinesDeps;
  readonly #stop: () => void;

  constructor(form: "jsonl" | "text", deps: LinesDeps) {
    this.#form = form;
    this.#deps = deps;
    const { seq, ...body } = flagSetBody(deps.flags);
    if (form === "jsonl") this.#json("snapshot", seq, body);
    else {
      for (const [name, value] of Object.entries(body.flags)) {
        this.#text(`${name} = ${typeof value === "string" ? value : JSON.stringify(value)}`);
      }
    }
    this.#stop = deps.flags.onUpdate((update) => this.#onUpdate(update));
  }

  /** A name in the source that no flag has, or that has gone. */
  tell(event: "unknown" | "removed", name: string): void {
    if (this.#form === "jsonl") this.#json(event, this.#deps.flags.seq, { name });
    else this.#text(`${name} ${event === "unknown" ? "is no flag" : "was removed"}`);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #onUpdate(update: FlagUpdate): void {
    const { flags, clock } = this.#deps;
    const { seq, ...body } = updateBody(flags, update);
    if (body.changed.length === 0 && body.rejected.length === 0) return;
    for (const change of changeBodies(flags, update, clock.now())) {
      const { seq: _seq, ts: _ts, ...rest } = change;
      if (this.#form === "jsonl") this.#json("change", seq, rest);
      else {
        this.#text(
          `${rest.name} ${shown(rest.oldString)} -> ${shown(rest.newString)} (${rest.source})`,
        );
      }
    }
    for (const { name, error } of body.rejected) {
      if (this.#form === "jsonl") this.#json("rejected", seq, { name, error });
      else this.#text(`${name} refused: ${error}`);
    }
    if (this.#form === "jsonl") this.#json("update", seq, body);
  }

  #json(event: string, seq: number, body: object): void {
    const ts = new Date(this.#deps.clock.now()).toISOString();
    this.#deps.stdout.write(`${JSON.stringify({ ts, seq, event, ...body })}\n`);
  }

  #text(line: string): void {
    const ts = new Date(this.#deps.clock.now()).toISOString();
    // A value must not write lines or move the cursor.
    // deno-lint-ignore no-control-regex -- control characters are what is being removed
    this.#deps.stdout.write(`${ts} ${line.replace(/[\x00-\x1f\x7f-\x9f]/g, "\uFFFD")}\n`);
  }
}

function shown(text: string): string {
  return text === "" || /\s/.test(text) ? JSON.stringify(text) : text;
}
