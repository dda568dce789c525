/** Addresses of brokers, and names of queues. */

import assert from "node:assert/strict";
import { uniqueId } from "./unique_id.ts";
import { parseAmqpUrl } from "./url.ts";

Deno.test("parseAmqpUrl() fills in what is left out", () => {
  const guest = { username: "guest", password: "guest", vhost: "/" };
  assert.deepEqual(parseAmqpUrl("amqp://rabbit"), {
    tls: false,
    hostname: "rabbit",
    port: 5672,
    ...guest,
  });
  assert.deepEqual(parseAmqpUrl("amqps://[fd00::1]/"), {
    tls: true,
    hostname: "fd00::1",
    port: 5671,
    ...guest,
  });
  assert.deepEqual(parseAmqpUrl("amqp://u%40:p%2F@h:1/a%2Fb"), {
    tls: false,
    hostname: "h",
    port: 1,
    username: "u@",
    password: "p/",
    vhost: "a/b",
  });
});

Deno.test("parseAmqpUrl() takes nothing else", () => {
  for (const text of ["", "rabbit:5672", "http://h", "amqp:", "amqp://u%ff@h"]) {
    assert.equal(parseAmqpUrl(text), undefined, text);
  }
});

Deno.test("uniqueId() is 27 digits that sort by time", () => {
  const zeros = () => new Uint8Array(16);
  const early = uniqueId(1_700_000_000_000, zeros);
  assert.match(early, /^[0-9A-Za-z]{27}$/);
  assert.ok(uniqueId(1_700_000_001_000, zeros) > early);
  assert.notEqual(uniqueId(0), uniqueId(0));
});
