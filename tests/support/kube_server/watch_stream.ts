/** The line of events of one open watch, and the faults that may befall it. */

import type { Exchange } from "#tests/support/kube_server/exchange.ts";
import { H2_CANCEL } from "#tests/support/kube_server/exchange.ts";
import type { StreamFault } from "#tests/support/kube_server/faults.ts";
import type { JsonObject } from "#tests/support/kube_server/json.ts";
import type { Timers } from "#tests/support/kube_server/timers.ts";
import { statusOf } from "#tests/support/kube_server/fault_answers.ts";

/** A fault of a stream with the number of events it waits for. */
export type ScriptedStreamFault = StreamFault & { readonly afterEvents?: number };

const DEFAULT_SPLIT_BYTES = 7;
const DEFAULT_HUGE_LINE_BYTES = 20 * 1024 * 1024;

/** Sends events and applies the script. */
export class WatchStream {
  readonly #exchange: Exchange;
  readonly #script: ScriptedStreamFault[];
  #sentEvents = 0;
  /** First of two events that change places. */
  #held: string | undefined;
  #splitBytes: number | undefined;
  /** Pieces of split events, written one by one so that each leaves alone. */
  readonly #pieces: Uint8Array[] = [];
  readonly #timers: Timers;
  #isSilent = false;
  #isOver = false;

  constructor(
    exchange: Exchange,
    { script, timers }: {
      readonly script: readonly ScriptedStreamFault[];
      readonly timers: Timers;
    },
  ) {
    this.#exchange = exchange;
    this.#script = [...script];
    this.#timers = timers;
  }

  /** Starts the stream: headers, then what is to happen before the first event. */
  start(): void {
    this.#exchange.startStream({ "content-type": "application/json" });
    this.#runImmediate();
  }

  /** Events sent so far. */
  get sentEvents(): number {
    return this.#sentEvents;
  }

  /** Sends an event, or what the script makes of it. */
  event(type: string, object: JsonObject): void {
    this.#send(JSON.stringify({ type, object }) + "\n");
  }

  /** Writes text as it is, past the script. */
  raw(text: string): void {
    if (!this.#isOver) this.#exchange.write(text);
  }

  /** Ends the stream cleanly. */
  end(): void {
    if (this.#isOver || this.#isSilent) return;
    this.#isOver = true;
    if (this.#pieces.length === 0) this.#exchange.end();
  }

  #send(line: string): void {
    if (this.#isOver || this.#isSilent) return;
    const fault = this.#takeForEvent();
    switch (fault?.act) {
      case "cut":
      case "reset":
        this.#isOver = true;
        this.#exchange.write(line.slice(0, Math.ceil(line.length / 2)));
        if (fault.act === "cut") this.#exchange.cut();
        else this.#exchange.reset(H2_CANCEL);
        return;
      case "endWithoutNewline":
        this.#exchange.write(line.trimEnd());
        this.#isOver = true;
        this.#exchange.end();
        return;
      case "duplicate":
        this.#write(line);
        break;
      case "reorder":
        this.#held = line;
        return;
    }
    this.#write(line);
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#write(held);
    this.#runImmediate();
  }

  #write(line: string): void {
    this.#sentEvents += 1;
    if (this.#splitBytes === undefined) return this.#exchange.write(line);
    const bytes = new TextEncoder().encode(line);
    const isIdle = this.#pieces.length === 0;
    for (let offset = 0; offset < bytes.length; offset += this.#splitBytes) {
      this.#pieces.push(bytes.slice(offset, offset + this.#splitBytes));
    }
    if (isIdle) this.#writePieces();
  }

  #writePieces(): void {
    const piece = this.#pieces.shift();
    if (piece !== undefined) this.#exchange.write(piece);
    if (this.#pieces.length > 0) this.#timers.after(1, () => this.#writePieces());
    else if (this.#isOver) this.#exchange.end();
  }

  #takeForEvent(): ScriptedStreamFault | undefined {
    const acts = ["cut", "reset", "endWithoutNewline", "duplicate", "reorder"];
    return this.#take((fault) => acts.includes(fault.act));
  }

  #runImmediate(): void {
    while (!this.#isOver && !this.#isSilent) {
      const fault = this.#take(({ act }) =>
        !["cut", "reset", "endWithoutNewline", "duplicate", "reorder"].includes(act)
      );
      if (fault === undefined) return;
      this.#runNow(fault);
    }
  }

  #runNow(fault: StreamFault): void {
    switch (fault.act) {
      case "end":
        return this.end();
      case "malformed":
        return this.raw('{"type":"ADDED","object":{"metadata":{"name":"half\n');
      case "unknownType":
        return this.raw('{"type":"FOO","object":{"metadata":{"name":"foo"}}}\n');
      case "hugeLine":
        return this.raw("x".repeat(fault.bytes ?? DEFAULT_HUGE_LINE_BYTES) + "\n");
      case "line":
        return this.raw(`${fault.text}\n`);
      case "error":
        this.raw(JSON.stringify({ type: "ERROR", object: statusOf(fault.status).body() }) + "\n");
        return this.end();
      case "silent":
        this.#isSilent = true;
        return;
      case "split":
        this.#splitBytes = fault.bytes ?? DEFAULT_SPLIT_BYTES;
        return;
      default:
        return;
    }
  }

  #take(fits: (fault: ScriptedStreamFault) => boolean): ScriptedStreamFault | undefined {
    const index = this.#script.findIndex((fault) =>
      (fault.afterEvents ?? 0) <= this.#sentEvents && fits(fault)
    );
    return index < 0 ? undefined : this.#script.splice(index, 1)[0];
  }
}
