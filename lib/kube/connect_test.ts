/** What a client says when it is made, and what it shows of itself. */

import assert from "node:assert/strict";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { createKubeClient } from "./client.ts";
import { unrestricted } from "./scope/client_scope.ts";

Deno.test("createKubeClient() warns once that nobody verifies the server", async () => {
  await using server = await startKubeServer();
  const log = new CapturedLog();
  const client = createKubeClient({
    scope: unrestricted(),
    logger: log,
    config: { server: server.url, insecure: true },
  });
  const informer = client.informer({ resource: { group: "", version: "v1", resource: "secrets" } });
  informer.start();
  await informer.synced;
  await client.serverVersion();
  server.cutConnections();
  await client.serverVersion();
  await client.close();
  assert.deepEqual(log.messages("warn"), ["server certificate is not verified"]);
});

Deno.test("createKubeClient() makes a client that shows no credentials", async () => {
  const client = createKubeClient({
    scope: unrestricted(),
    config: {
      server: "https://127.0.0.1:1",
      token: { text: "very-secret" },
      clientKey: { text: "very-secret" },
    },
  });
  const options = { depth: 20, showHidden: true };
  for (const text of [Deno.inspect(client, options), JSON.stringify(client), String(client)]) {
    assert.doesNotMatch(text, /very-secret/);
  }
  await client.close();
});
