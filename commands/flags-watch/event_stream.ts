/**
 * Changes as server-sent events (flags-watch.md 7.5). Each event is written once for all clients; a client that
 * comes back gets what it missed, one that reads too slowly is cut off. Only the last event of an update has a
 * number, so that who is cut off among them gets the update whole.
 */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { FlagUpdate } from "#lib/flags/flag_set_contract.ts";
import { changeBodies, flagSetBody, updateBody } from "#lib/flags/wire.ts";
import { plain } from "#lib/http/plain.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";

/** Events kept for clients that come back. */
const MAX_KEPT = 1000;
/** The same in characters, for values may be large. */
const MAX_KEPT_CHARS = 16 * 1024 * 1024;
/** Unread bytes of a client beyond which it is cut off. */
const MAX_QUEUED_BYTES = 1024 * 1024;
const MAX_CLIENTS = 10_000;
const PING_MS = 15_000;

interface StreamEvent {
  readonly seq: number;
  /** Flags it is about; clients that asked for others do not get it. */
  readonly names: readonly string[];
  readonly text: string;
}

interface Client {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** `undefined` for all. */
  readonly names: ReadonlySet<string> | undefined;
}

/** The stream of one set of flags. */
export class EventStream implements Disposable {
  readonly #flags: FlagSet;
  readonly #clock: Clock;
  readonly #clients = new Set<Client>();
  readonly #stopFollowing: () => void;
  #kept: StreamEvent[] = [];
  #keptChars = 0;
  /** Events up to this number are not kept any more. */
  #forgottenSeq: number;
  #ping: Timer | undefined;
  /** Flags of which somebody may show that they were refused. */
  readonly #refused: Set<string>;
  /** Ends every number: other processes, those before a restart and other replicas, count on their own. */
  readonly #own = crypto.randomUUID().slice(0, 8);

  /** Follows `flags` from now on, until disposed. */
  constructor(flags: FlagSet, { clock }: { readonly clock: Clock }) {
    this.#flags = flags;
    this.#clock = clock;
    this.#forgottenSeq = flags.seq;
    this.#refused = new Set(
      flags.entries().filter(({ error }) => error !== undefined).map(({ name }) => name),
    );
    this.#stopFollowing = flags.onUpdate((update) => this.#onUpdate(update));
  }

  /** Clients now. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Answers a request for the stream. */
  connect(request: Request): Response {
    if (this.#clients.size >= MAX_CLIENTS) return plain("too many clients", { status: 503 });
    const asked = new URL(request.url).searchParams.get("names");
    const names = asked === null ? undefined : new Set(asked.split(","));
    const first = this.#firstEvents(request.headers.get("last-event-id"), names);
    let client: Client;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        client = { controller, names };
        controller.enqueue(new TextEncoder().encode(`retry: 2000\n\n${first}`));
        this.#clients.add(client);
        this.#schedulePing();
      },
      cancel: () => this.#remove(client),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_QUEUED_BYTES }));
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        // Proxies that buffer would keep changes back.
        "x-accel-buffering": "no",
      },
    });
  }

  /** Ends all streams and stops following. */
  [Symbol.dispose](): void {
    this.#stopFollowing();
    for (const client of [...this.#clients]) {
      this.#remove(client);
      client.controller.close();
    }
  }

  /** What was missed since `lastId`, or everything as it is now. */
  #firstEvents(lastId: string | null, names: Client["names"]): string {
    const [, digits, own] = /^(\d{1,15})-(\w+)$/.exec(lastId ?? "") ?? [];
    const seq = Number(digits);
    if (own !== this.#own || seq < this.#forgottenSeq || seq > this.#flags.seq) {
      return this.#snapshot(names);
    }
    return this.#kept.filter((event) => event.seq > seq && concerns(event, names))
      .map(({ text }) => text).join("");
  }

  #snapshot(names: Client["names"]): string {
    const body = flagSetBody(this.#flags);
    const kept = Object.entries(body.flags).filter(([name]) => names?.has(name) ?? true);
    return frame("snapshot", this.#idOf(body.seq), { ...body, flags: Object.fromEntries(kept) });
  }

  #idOf(seq: number): string {
    return `${seq}-${this.#own}`;
  }

  #onUpdate(update: FlagUpdate): void {
    const [nowMs, id] = [this.#clock.now(), this.#idOf(update.seq)];
    const events = eventsOf(this.#flags, update, { nowMs, id, mended: this.#mendedBy(update) });
    for (const event of events) {
      this.#keep(event);
      const bytes = new TextEncoder().encode(event.text);
      for (const client of [...this.#clients]) {
        if (concerns(event, client.names)) this.#send(client, bytes);
      }
    }
  }

  /** Flags that are not refused any more: that is told also when their value is what it was. */
  #mendedBy({ rejected }: FlagUpdate): readonly string[] {
    const mended = [...this.#refused].filter((name) =>
      this.#flags.entry(name)?.error === undefined
    );
    for (const name of mended) this.#refused.delete(name);
    for (const { flag } of rejected) if (this.#flags.has(flag)) this.#refused.add(flag);
    return mended;
  }

  #keep(event: StreamEvent): void {
    this.#kept.push(event);
    this.#keptChars += event.text.length;
    let count = 0;
    while (
      this.#kept.length - count > MAX_KEPT ||
      this.#keptChars > MAX_KEPT_CHARS && count < this.#kept.length
    ) {
      const oldest = this.#kept[count];
      if (oldest === undefined) break;
      this.#keptChars -= oldest.text.length;
      this.#forgottenSeq = oldest.seq;
      count += 1;
    }
    if (count > 0) this.#kept = this.#kept.slice(count);
  }

  #send(client: Client, bytes: Uint8Array): void {
    // Asked before, so that one value larger than the queue does not cut off whoever keeps up.
    if ((client.controller.desiredSize ?? 0) <= 0) {
      this.#remove(client);
      client.controller.error(new Error("Client reads too slowly"));
      return;
    }
    client.controller.enqueue(bytes);
  }

  #remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#ping?.cancel();
    this.#ping = undefined;
  }

  #schedulePing(): void {
    this.#ping ??= this.#clock.timer(
      () => {
        this.#ping = undefined;
        const bytes = new TextEncoder().encode(": ping\n\n");
        for (const client of [...this.#clients]) this.#send(client, bytes);
        if (this.#clients.size > 0) this.#schedulePing();
      },
      PING_MS,
      { unref: true },
    );
  }
}

function eventsOf(
  flags: FlagSet,
  update: FlagUpdate,
  { nowMs, id, mended }: {
    readonly nowMs: number;
    readonly id: string;
    readonly mended: readonly string[];
  },
): StreamEvent[] {
  const { seq } = update;
  const body = updateBody(flags, update);
  const changes = changeBodies(flags, update, nowMs).map((change) => ({
    seq,
    names: [change.name],
    text: frame("change", undefined, change),
  }));
  const rejected = body.rejected.map((one) => ({
    seq,
    names: [one.name],
    text: frame("rejected", undefined, { seq, ...one }),
  }));
  const names = [...body.changed, ...body.rejected.map(({ name }) => name), ...mended];
  if (names.length === 0) return [];
  return [...changes, ...rejected, { seq, names, text: frame("update", id, body) }];
}

function concerns({ names }: StreamEvent, wanted: Client["names"]): boolean {
  return wanted === undefined || names.some((name) => wanted.has(name));
}

function frame(event: string, id: string | undefined, body: unknown): string {
  // JSON has no line break of its own, so one data line holds it.
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${
    JSON.stringify(body)
  }\n\n`;
}
