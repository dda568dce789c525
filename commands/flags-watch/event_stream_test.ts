/** The stream: what is sent to whom, what is kept, who is cut off. */

import assert from "node:assert/strict";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { EventStream } from "./event_stream.ts";

function stream() {
  const clock = new ManualClock();
  const flags = new FlagSet("shop");
  flags.int("limit", 1);
  flags.string("mode", "calm");
  flags.string("password", "hunter2", "", { secret: true });
  return { clock, flags, events: new EventStream(flags, { clock }) };
}

function connect(events: EventStream, query = "", headers: Record<string, string> = {}) {
  const response = events.connect(new Request(`http://h/events${query}`, { headers }));
  let text = "";
  const done = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
    }
  })();
  return { response, done, text: () => text };
}

/** How the stream ends its numbers. */
async function ids(events: EventStream): Promise<(seq: number) => string> {
  const client = connect(events);
  await settle();
  const own = /^id: \d+(-\w+)$/m.exec(client.text())?.[1];
  return (seq) => `${seq}${own}`;
}

const names = (text: string) => [...text.matchAll(/^event: (\w+)$/gm)].map((match) => match[1]);

Deno.test("EventStream sends a snapshot, then changes, refusals and the update", async () => {
  const { flags, events } = stream();
  const client = connect(events);
  assert.equal(client.response.headers.get("content-type"), "text/event-stream");
  flags.apply([["limit", { raw: "2" }], ["mode", { raw: "busy" }], ["password", { raw: "x" }]], {
    source: "config",
  });
  // Sets that change nothing are no events.
  flags.apply([["limit", { raw: "2" }]], { source: "config" });
  flags.apply([["limit", { raw: "many" }]], { source: "config" });
  await settle();
  const text = client.text();
  assert.deepEqual(names(text), [
    ...["snapshot", "change", "change", "change", "update", "rejected", "update"],
  ]);
  assert.ok(text.startsWith("retry: 2000\n\n"));
  assert.ok(!text.includes("hunter2") && !text.includes('"x"'));
  assert.match(text, /event: rejected\ndata: \{"seq":3,"name":"limit","error":"strconv/);
  events[Symbol.dispose]();
  await client.done;
  assert.equal(events.clients, 0);
});

Deno.test("EventStream tells that a refusal is over, though the value is what it was", async () => {
  const { flags, events } = stream();
  flags.apply([["limit", { raw: "none" }]], { source: "config" });
  const [all, some, others] = ["", "?names=limit", "?names=mode"].map((one) =>
    connect(events, one)
  );
  flags.apply([["limit", { raw: "many" }]], { source: "config" });
  for (let again = 0; again < 2; again++) {
    flags.apply([["limit", { raw: "1" }], ["mode", { raw: "calm" }]], { source: "config" });
  }
  await settle();
  for (const client of [all, some]) {
    assert.deepEqual(names(client?.text() ?? ""), ["snapshot", "rejected", "update", "update"]);
    assert.match(client?.text() ?? "", /"seq":3,"changed":\[\],"rejected":\[\]/);
  }
  assert.deepEqual(names(others?.text() ?? ""), ["snapshot"]);
  events[Symbol.dispose]();
});

Deno.test("EventStream tells a client that comes back what it missed, or everything", async () => {
  const { flags, events } = stream();
  for (const raw of ["2", "3", "4"]) flags.set("limit", raw);
  const idOf = await ids(events);
  const back = connect(events, "", { "last-event-id": idOf(2) });
  const unknown = [idOf(9), "2", "2-", "x", "-1", "2-0a1b2c3d"].map((id) =>
    connect(events, "", { "last-event-id": id })
  );
  await settle();
  assert.deepEqual(names(back.text()), ["change", "update"]);
  for (const client of unknown) assert.deepEqual(names(client.text()), ["snapshot"]);
  for (let raw = 5; raw < 600; raw++) flags.set("limit", String(raw));
  const late = connect(events, "", { "last-event-id": idOf(3) });
  await settle();
  assert.deepEqual(names(late.text()), ["snapshot"]);
  events[Symbol.dispose]();
  await Promise.all([back, late, ...unknown].map(({ done }) => done));
});

Deno.test("EventStream repeats an update whole for a client that was cut off in the middle of it", async () => {
  const { flags, events } = stream();
  const client = connect(events);
  const inputs = [["limit", { raw: "2" }], ["mode", { raw: "busy" }]] as const;
  flags.apply(inputs, { source: "config" });
  await settle();
  const [, , second = ""] = client.text().split("event: change");
  const beforeSecond = client.text().slice(0, -second.length);
  const lastId = [...beforeSecond.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";
  const back = connect(events, "", { "last-event-id": lastId });
  await settle();
  assert.deepEqual(names(back.text()), ["change", "change", "update"]);
  events[Symbol.dispose]();
  await Promise.all([client.done, back.done]);
});

Deno.test("EventStream does not take a number of another process for its own", async () => {
  const [before, after] = [stream(), stream()];
  before.flags.set("limit", "2");
  after.flags.set("limit", "3");
  const earlier = connect(before.events);
  await settle();
  const id = /^id: (.*)$/m.exec(earlier.text())?.[1] ?? "";
  const client = connect(after.events, "", { "last-event-id": id });
  await settle();
  assert.deepEqual(names(client.text()), ["snapshot"]);
  before.events[Symbol.dispose]();
  after.events[Symbol.dispose]();
});

Deno.test("EventStream filters by name, snapshot included", async () => {
  const { flags, events } = stream();
  const client = connect(events, "?names=mode");
  flags.set("limit", "2");
  flags.set("mode", "busy");
  await settle();
  assert.deepEqual(names(client.text()), ["snapshot", "change", "update"]);
  assert.ok(!client.text().includes('"limit"'));
  events[Symbol.dispose]();
  await client.done;
});

Deno.test("EventStream cuts off a client that does not read, and no other", async () => {
  const { flags, events } = stream();
  const slow = events.connect(new Request("http://h/events"));
  const quick = connect(events);
  for (let round = 0; round < 30; round++) {
    flags.set("mode", String(round % 10).repeat(100_000));
    await settle();
  }
  assert.equal(events.clients, 1);
  await assert.rejects(slow.text(), /too slowly/);
  assert.equal(names(quick.text()).filter((name) => name === "change").length, 30);
  events[Symbol.dispose]();
  await quick.done;
});

Deno.test("EventStream pings every 15 s while somebody listens", async () => {
  const { clock, events } = stream();
  const response = events.connect(new Request("http://h/events"));
  assert.equal(clock.nextTimerMs, 15_000);
  await clock.advance(15_000);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  await reader?.read();
  assert.equal((await reader?.read())?.value, ": ping\n\n");
  await reader?.cancel();
  await settle();
  assert.deepEqual([events.clients, clock.pendingTimers], [0, 0]);
  events[Symbol.dispose]();
});
