/**
 * Informers behind a relay that cuts and freezes while others write: at the end every copy equals the server.
 * A few seconds by default, `KCFG_TEST_SOAK_MS` for as long as one likes.
 */

import assert from "node:assert/strict";
import { createKubeClient } from "#lib/kube/client.ts";
import type { Informer, KubeClient } from "#lib/kube/contract.ts";
import { isConflict, isNotFound } from "#lib/kube/errors.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { controlPlane } from "#tests/support/control_plane.ts";
import type { Endpoint } from "#tests/support/control_plane/http.ts";
import { testNamespace } from "#tests/support/control_plane/harness.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { startRelay } from "#tests/support/tls_server.ts";

const SOAK_MS = Number(Deno.env.get("KCFG_TEST_SOAK_MS") ?? 4000);
const INFORMERS = 10;
const WRITERS = 20;

const plane = await controlPlane();

Deno.test("fake API server: informers survive a relay that cuts and freezes", async () => {
  await using server = await startKubeServer({
    users: { admin: { name: "admin", groups: ["system:masters"] } },
  });
  await soak({ url: server.url, caPem: server.caPem, token: "admin" });
});

Deno.test({
  name: "real API server: informers survive a relay that cuts and freezes",
  ignore: "unavailable" in plane,
  async fn() {
    if (!("unavailable" in plane)) await soak(plane.admin);
  },
});

/** A handler's view of the collection: name to resource version. */
type Mirror = Map<string, string>;

async function soak(endpoint: Endpoint): Promise<void> {
  await using namespace = await testNamespace(endpoint);
  await using relay = await startRelay(Number(new URL(endpoint.url).port));
  const log = new CapturedLog();
  const writer = clientOf(endpoint, {});
  const reader = clientOf(endpoint, { port: relay.port, log });
  const ref = { group: "", version: "v1", resource: "configmaps", namespace: namespace.name };
  const mirrors = Array.from({ length: INFORMERS }, (_, i) =>
    // Unequal options, for each informer to have a watch of its own.
    mirror(reader.informer({ resource: ref, maxQueuedEvents: 100 + i, freeze: true })));
  const endMs = performance.now() + SOAK_MS;
  const writes = Array.from({ length: WRITERS }, (_, i) => write(writer, { ...ref, i, endMs }));
  while (performance.now() < endMs) {
    await pause(200 + Math.random() * Math.min(4800, SOAK_MS / 4));
    if (Math.random() < 0.5) relay.cut();
    else relay.freeze();
  }
  await Promise.all(writes);
  const { items } = await writer.list(ref);
  const truth = sorted(items.map(({ metadata }) => [
    metadata.name ?? "",
    metadata.resourceVersion ?? "",
  ]));
  for (const { seen, informer } of mirrors) {
    await eventually(
      "the copy equals the server",
      () => JSON.stringify(sorted([...seen])) === JSON.stringify(truth),
      { withinMs: 4900 },
    );
    assert.equal(informer.list().length, truth.length);
  }
  assert.ok(relay.connections() > 1);
  assert.deepEqual(log.messages("error").filter((text) => text !== "informer failing"), []);
  await reader.close();
  await writer.close();
}

function clientOf(
  { url, caPem, token }: Endpoint,
  { port, log }: { readonly port?: number; readonly log?: CapturedLog },
): KubeClient {
  const server = new URL(url);
  const serverName = server.hostname;
  if (port !== undefined) server.port = String(port);
  return createKubeClient({
    scope: unrestricted(),
    qps: -1,
    ...(log === undefined ? {} : { logger: log }),
    config: {
      server: server.href.replace(/\/$/, ""),
      serverName,
      certificateAuthority: { text: caPem },
      token: { text: token },
    },
    transportOptions: { pingIntervalMs: 500, pingTimeoutMs: 500, connectTimeoutMs: 1000 },
  });
}

function mirror(informer: Informer): { readonly seen: Mirror; readonly informer: Informer } {
  const seen: Mirror = new Map();
  informer.addHandler((event) => {
    if (event.type === "synced" || event.type === "error") return;
    const { name = "", resourceVersion = "" } = event.object.metadata;
    assert.equal(seen.has(name), event.type !== "added");
    if (event.type === "deleted") seen.delete(name);
    else seen.set(name, resourceVersion);
  });
  informer.start();
  return { seen, informer };
}

async function write(
  client: KubeClient,
  { i, endMs, ...ref }: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    readonly namespace: string;
    readonly i: number;
    readonly endMs: number;
  },
): Promise<void> {
  while (performance.now() < endMs) {
    const name = `o-${i}-${Math.floor(Math.random() * 10)}`;
    try {
      if (Math.random() < 0.3) await client.delete({ ...ref, name });
      else {
        const data = { value: String(Math.random()) };
        const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
        await client.apply({ ...ref, name }, object, { force: true });
      }
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
    await pause(20);
  }
}

function sorted(entries: [string, string][]): [string, string][] {
  return entries.sort(([a], [b]) => a < b ? -1 : 1);
}

// A soak is about real time passing; nothing is asserted about how much did.
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
