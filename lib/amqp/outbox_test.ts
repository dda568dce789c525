/** What waits, what is sent in which order, and what gives way. */

import assert from "node:assert/strict";
import { CapturedLog } from "#tests/support/log.ts";
import { Outbox } from "./outbox.ts";
import type { PublishingChannel } from "./outbox.ts";

function channelWith({ room = Infinity, isClosed = false } = {}) {
  const sent: string[] = [];
  const drains: (() => void)[] = [];
  const channel = {
    publish(exchange: string, key: string, content: Uint8Array, options: { contentType?: string }) {
      if (isClosed) throw new Error("Channel closed");
      sent.push(`${exchange} ${key} ${new TextDecoder().decode(content)} ${options.contentType}`);
      return sent.length < room;
    },
    once: (_event: string, listener: () => void) => void drains.push(listener),
  } as unknown as PublishingChannel;
  return { channel, sent, drains };
}

function outboxWith() {
  const log = new CapturedLog();
  const outbox = new Outbox({ exchange: "x", contentType: "application/json" }, { log });
  const add = (...texts: string[]) => {
    for (const text of texts) outbox.add(new TextEncoder().encode(text));
  };
  return { outbox, add, log };
}

const line = (text: string) => `x x ${text} application/json`;

Deno.test("Outbox keeps messages until there is a channel, in order", () => {
  const { outbox, add } = outboxWith();
  add("a", "b");
  const first = channelWith();
  outbox.open(first.channel);
  add("c");
  outbox.close();
  add("d");
  assert.deepEqual(first.sent, ["a", "b", "c"].map(line));
  const second = channelWith();
  outbox.open(second.channel);
  assert.deepEqual(second.sent, [line("d")]);
});

Deno.test("Outbox sends no more than the connection takes, and goes on when it drains", () => {
  const { outbox, add } = outboxWith();
  const { channel, sent, drains } = channelWith({ room: 2 });
  outbox.open(channel);
  add("a", "b", "c");
  assert.deepEqual(sent, ["a", "b"].map(line));
  drains[0]?.();
  assert.deepEqual(sent, ["a", "b", "c"].map(line));
});

Deno.test("Outbox loses nothing to a channel that was closed, and keeps 256 at most", () => {
  const { outbox, add, log } = outboxWith();
  outbox.open(channelWith({ isClosed: true }).channel);
  add("first");
  const good = channelWith();
  outbox.open(good.channel);
  assert.deepEqual(good.sent, [line("first")]);
  outbox.close();
  add(...Array.from({ length: 257 }, (_, index) => String(index)));
  assert.equal(log.messages("warn").length, 1);
  const late = channelWith();
  outbox.open(late.channel);
  assert.equal(late.sent.length, 256);
  assert.equal(late.sent[0], line("1"));
});
