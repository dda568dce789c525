/** Credentials of requests: asked for once more after a 401, and waited for within the time of the request. */

import assert from "node:assert/strict";
import { startTlsServer } from "#tests/support/tls_server.ts";
import { connectTo, echo, keyPair } from "#tests/support/transport_fixture.ts";
import { KubeAuthError } from "../errors.ts";

Deno.test("request() repeats once with fresh credentials after a 401", async () => {
  const seen: (string | undefined)[] = [];
  await using server = await startTlsServer((request, response) => {
    seen.push(request.headers.authorization);
    response.statusCode = request.headers.authorization === "Bearer new" ? 200 : 401;
    response.end();
  }, { keyPair });
  let current = "Bearer old";
  await using client = connectTo(server.port, {
    authorization: (rejected) => {
      if (rejected === "Bearer old") current = "Bearer new";
      return Promise.resolve(current);
    },
  });
  const response = await client.transport.request({ method: "POST", path: "/", body: "{}" });
  response.cancel();
  assert.equal(response.status, 200);
  assert.deepEqual(seen, ["Bearer old", "Bearer new"]);
  const own = { method: "GET", path: "/", headers: { authorization: "Bearer own" } };
  const refused = await client.transport.request(own);
  refused.cancel();
  assert.equal(refused.status, 401);
  assert.deepEqual(seen.slice(2), ["Bearer own"]);
});

Deno.test("request() repeats after a 401 when it made the transport recycle", async () => {
  let requests = 0;
  await using server = await startTlsServer((_, response) => {
    requests += 1;
    response.statusCode = requests === 1 ? 401 : 200;
    response.end();
  }, { keyPair });
  await using client = connectTo(server.port, {
    // As a plugin does that gives certificates and no token.
    authorization(rejected) {
      if (rejected !== undefined) client.transport.recycle("credentials");
      return Promise.resolve(undefined);
    },
  });
  const response = await client.transport.request({ method: "GET", path: "/" });
  response.cancel();
  assert.equal(response.status, 200);
  assert.equal(server.sessions.length, 2);
});

Deno.test("request() does not blame the server for credentials that do not come", async () => {
  await using server = await startTlsServer(echo, { keyPair });
  await using client = connectTo(server.port, { authorization: () => new Promise(() => {}) });
  await assert.rejects(
    client.transport.request({ method: "GET", path: "/x?y", timeoutMs: 20.4 }),
    (error) => {
      assert.ok(error instanceof KubeAuthError, String(error));
      const text = "GET /x was not sent: there were no credentials within 20 ms";
      assert.equal(error.message, text);
      return true;
    },
  );
  assert.equal(server.connections(), 0);
});
