/** Two means of one dial. */

import assert from "node:assert/strict";
import { sleep } from "#lib/run/clock.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { startSilentServer } from "#tests/support/tls_server.ts";
import { ofKind, trusted } from "#tests/support/transport_fixture.ts";
import { openConnection } from "./open_connection.ts";

Deno.test("openConnection() has one limit of time for both means", async () => {
  await using server = await startSilentServer();
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const opening = openConnection(
    { server: new URL(`https://127.0.0.1:${server.port}`), tls: trusted },
    { clock, timeoutMs: 10_000, signal },
    { open: () => sleep(8_000, { clock }).then(() => undefined) },
  );
  let hasFailed = false;
  const failed = assert.rejects(opening, ofKind("connect")).then(() => hasFailed = true);
  await clock.advance(9_999);
  assert.ok(!hasFailed);
  await clock.advance(1);
  assert.ok(hasFailed);
  await failed;
});
