/**
 * What operators do to a cluster and networks do to a link, under open informers and callers: an API server
 * that dies and comes back, a link that goes silent, connections that are rolled again and again.
 */

import { openLightTls } from "#lib/kube/transport/deno.ts";
import assert from "node:assert/strict";
import { createKubeClient } from "#lib/kube/client.ts";
import type { Informer, KubeClient } from "#lib/kube/contract.ts";
import { KubeError } from "#lib/kube/errors.ts";
import { noKubeMetrics } from "#lib/kube/metrics.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import type { TransportOptions } from "#lib/kube/transport/contract.ts";
import { controlPlane, startControlPlane } from "#tests/support/control_plane.ts";
import { testNamespace } from "#tests/support/control_plane/harness.ts";
import type { Endpoint } from "#tests/support/control_plane/http.ts";
import { findPrograms } from "#tests/support/control_plane/programs.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { startRelay } from "#tests/support/relay.ts";

const RESOURCES = ["configmaps", "secrets", "serviceaccounts"] as const;
const KINDS = { configmaps: "ConfigMap", secrets: "Secret", serviceaccounts: "ServiceAccount" };
// The usual 30 s and 15 s, shortened alike.
const PINGS = { pingIntervalMs: 600, pingTimeoutMs: 300 };

const plane = await controlPlane();
const programs = await findPrograms({ env: (name) => Deno.env.get(name), progress() {} });

type Resource = typeof RESOURCES[number];

interface Fixture extends AsyncDisposable {
  readonly client: KubeClient;
  /** Reasons of the lists and of the restarts of watches. */
  readonly lists: string[];
  readonly restarts: string[];
  /** Reasons of replaced connections. */
  readonly recycles: string[];
}

function connect(
  { url, caPem, token }: Endpoint,
  { port, ...transportOptions }: Partial<TransportOptions> & { readonly port?: number } = {},
): Fixture {
  const server = new URL(url);
  if (port !== undefined) server.port = String(port);
  const lists: string[] = [];
  const restarts: string[] = [];
  const recycles: string[] = [];
  const client = createKubeClient({
    scope: unrestricted(),
    qps: -1,
    config: {
      server: server.href.replace(/\/$/, ""),
      certificateAuthority: { text: caPem },
      token: { text: token },
    },
    transportOptions: { openLightTls, ...transportOptions },
    metrics: {
      ...noKubeMetrics,
      relist: (_, reason) => void lists.push(reason),
      watchRestart: (_, reason) => void restarts.push(reason),
      transportRecycle: (reason) => void recycles.push(reason),
    },
  });
  return { client, lists, restarts, recycles, [Symbol.asyncDispose]: () => client.close() };
}

const refOf = (namespace: string, resource: Resource) =>
  ({ group: "", version: "v1", resource, namespace }) as const;

async function write(
  client: KubeClient,
  { namespace, resource, name, value }: {
    readonly namespace: string;
    readonly resource: Resource;
    readonly name: string;
    readonly value: string;
  },
): Promise<string> {
  const object = {
    apiVersion: "v1",
    kind: KINDS[resource],
    metadata: { name, annotations: { value } },
  };
  const written = await client.apply({ ...refOf(namespace, resource), name }, object, {
    force: true,
  });
  return written.metadata.resourceVersion ?? "";
}

/** Name to value, as a handler is told; it fails when told something that cannot be. */
function follow(informer: Informer): Map<string, string> {
  const seen = new Map<string, string>();
  informer.addHandler((event) => {
    if (event.type === "synced" || event.type === "error") return;
    const { name = "", annotations = {} } = event.object.metadata;
    assert.equal(seen.has(name), event.type !== "added", `${event.type} ${name}`);
    if (event.type === "deleted") seen.delete(name);
    else seen.set(name, annotations["value"] ?? "");
  });
  informer.start();
  return seen;
}

Deno.test({
  name: "a real API server killed and started again: informers and callers go on, nothing is lost",
  ignore: "unavailable" in programs,
  async fn() {
    const own = await startControlPlane({
      controllerManager: false,
      // Every fiftieth answer or so is the last of its connection.
      apiServerArgs: ["--goaway-chance=0.02"],
    });
    assert.ok(!("unavailable" in own));
    try {
      await using fixture = connect(own.admin);
      const { client } = fixture;
      const namespace = "default";
      const informers = RESOURCES.map((resource) =>
        client.informer({ resource: refOf(namespace, resource) })
      );
      const copies = informers.map(follow);
      await Promise.all(informers.map((informer) => informer.synced));
      const written = new Map<string, string>();
      let answers = 0;
      let failures = 0;
      let isOver = false;
      const call = async (resource: Resource, name: string) => {
        for (let value = 0; !isOver; value++) {
          try {
            await write(client, { namespace, resource, name, value: `${value}` });
            written.set(`${resource}/${name}`, `${value}`);
            answers += 1;
          } catch (error) {
            if (!(error instanceof KubeError)) throw error;
            failures += 1;
          }
        }
      };
      const calls = RESOURCES.flatMap((resource) => [call(resource, "x"), call(resource, "y")]);
      await eventually(
        "callers have answers, on more than one connection",
        () => answers > 100 && fixture.recycles.includes("goaway"),
        { withinMs: 4900 },
      );
      assert.equal(failures, 0);
      await own.servers.stopApiServer("SIGKILL");
      await eventually("informers wait", () => informers.every(({ state }) => state === "backoff"));
      const before = answers;
      await own.servers.startApiServer();
      await eventually("callers have answers again", () => answers > before + 50);
      isOver = true;
      await Promise.all(calls);
      // A caller may ride the outage out: a refused connection is tried again. Informers saw it, above.
      for (const [index, resource] of RESOURCES.entries()) {
        const { items } = await client.list(refOf(namespace, resource));
        for (const { metadata } of items) {
          const { name = "", annotations } = metadata;
          const copied = () => copies[index]?.get(name) === (annotations?.["value"] ?? "");
          await eventually(`the copy has ${resource} "${name}"`, copied, { withinMs: 4900 });
        }
        assert.equal(copies[index]?.size, items.length);
        assert.equal(copies[index]?.get("x"), written.get(`${resource}/x`));
        assert.equal(copies[index]?.get("y"), written.get(`${resource}/y`));
      }
    } finally {
      await own.stop();
    }
  },
});

Deno.test({
  name: "a frozen link to a real API server is found by ping: three watches resume without a list",
  ignore: "unavailable" in plane,
  async fn() {
    if ("unavailable" in plane) return;
    await using space = await testNamespace(plane.admin);
    const namespace = space.name;
    await using relay = await startRelay({ port: Number(new URL(plane.url).port) });
    await using reader = connect(plane.admin, { port: relay.port, ...PINGS });
    await using writer = connect(plane.admin);
    const informers = RESOURCES.map((resource) =>
      reader.client.informer({ resource: refOf(namespace, resource) })
    );
    const copies = informers.map(follow);
    await Promise.all(informers.map((informer) => informer.synced));
    const writeAll = async (name: string, value: string) => {
      for (const resource of RESOURCES) {
        await write(writer.client, { namespace, resource, name, value });
      }
    };
    await writeAll("a", "before");
    await eventually("the watches deliver", () => copies.every((copy) => copy.has("a")));
    assert.equal(relay.acceptedCount, 1);
    relay.freeze();
    await writeAll("a", "during");
    await writeAll("b", "during");
    await eventually(
      "what was missed came",
      () => copies.every((copy) => copy.get("a") === "during" && copy.get("b") === "during"),
    );
    assert.deepEqual(reader.lists, ["start", "start", "start"]);
    assert.equal(reader.restarts.length, 3);
    assert.equal(relay.acceptedCount, 2);
  },
});

for (const mode of ["graceful", "single", "lowLastStream"] as const) {
  Deno.test(`50 rolls of GOAWAY ${mode} under 16 callers and 3 watches lose nothing`, async () => {
    await using server = await startKubeServer();
    await using fixture = connect({ url: server.url, caPem: server.caPem }, {
      drainTimeoutMs: 50,
    });
    const { client } = fixture;
    const namespace = "default";
    const informers = RESOURCES.map((resource) =>
      client.informer({ resource: refOf(namespace, resource) })
    );
    const copies = informers.map(follow);
    await Promise.all(informers.map((informer) => informer.synced));
    const failures: unknown[] = [];
    let answers = 0;
    let isOver = false;
    const call = async () => {
      while (!isOver) {
        try {
          await client.list(refOf(namespace, "configmaps"));
          answers += 1;
        } catch (error) {
          failures.push(error);
        }
      }
    };
    const calls = Array.from({ length: 16 }, call);
    for (let roll = 0; roll < 50; roll++) {
      const before = answers;
      for (const resource of RESOURCES) {
        server.put({
          apiVersion: "v1",
          kind: KINDS[resource],
          metadata: { name: "a", namespace, annotations: { value: `${roll}` } },
        });
      }
      await eventually("callers have answers", () => answers > before + 16);
      server.goaway(mode);
    }
    isOver = true;
    await Promise.all(calls);
    await eventually(
      "the watches have the last state",
      () => copies.every((copy) => copy.get("a") === "49"),
    );
    assert.deepEqual(fixture.lists, ["start", "start", "start"]);
    assert.ok(fixture.restarts.length > 0);
    assert.deepEqual(failures, []);
  });
}
