/** The reading half of the client contract: get, lists, pages, watches, informers, logs, discovery. */

import assert from "node:assert/strict";
import type { InformerEvent, KubeReader, WatchEvent } from "#lib/kube/contract.ts";
import { isExpired, isNotFound, ListExpiredError } from "#lib/kube/errors.ts";
import { eventually } from "#tests/support/eventually.ts";
import type { Contract, ContractCase } from "./contract.ts";

/** The cases of this file. */
export const readingCases: readonly ContractCase[] = [
  {
    name: "get() returns the object, or a NotFound that says what was asked",
    async run(contract) {
      const { kube } = contract;
      await makeConfigMaps(contract, 1);
      const found = await kube.get({ ...configMaps(contract), name: "c0" });
      assert.equal(found.kind, "ConfigMap");
      assert.equal(found.metadata.namespace, contract.namespace);
      await assert.rejects(kube.get({ ...configMaps(contract), name: "none" }), (error) => {
        assert.ok(isNotFound(error));
        assert.equal(error.details?.name, "none");
        assert.equal(error.objectName, "none");
        return true;
      });
    },
  },
  {
    name: "list() joins pages and fills in the types of items",
    async run(contract) {
      await makeConfigMaps(contract, 5);
      const list = await contract.kube.list(configMaps(contract), {
        labelSelector: "app=x",
        limit: 2,
      });
      assert.deepEqual(list.items.map(({ metadata }) => metadata.name), [
        "c0",
        "c1",
        "c2",
        "c3",
        "c4",
      ]);
      assert.deepEqual([list.items[0]?.kind, list.items[0]?.apiVersion], ["ConfigMap", "v1"]);
      assert.match(list.metadata.resourceVersion ?? "", /^\d+$/);
    },
  },
  {
    name: "listPages() and listAll() keep to limit and selectors",
    async run(contract) {
      const { kube } = contract;
      await makeConfigMaps(contract, 5);
      const sizes: number[] = [];
      for await (
        const page of kube.listPages(configMaps(contract), { limit: 2, labelSelector: "app=x" })
      ) sizes.push(page.items.length);
      assert.deepEqual(sizes, [2, 2, 1]);
      assert.deepEqual(await namesOf(kube, contract, "n in (1,3)"), ["c1", "c3"]);
      assert.deepEqual(await namesOf(kube, contract, "app,n notin (0,1,2)"), ["c3", "c4"]);
      assert.deepEqual(await namesOf(kube, contract, "!app,n"), []);
      const byField = await kube.list(configMaps(contract), {
        fieldSelector: "metadata.name=c2",
      });
      assert.equal(byField.items.length, 1);
    },
  },
  {
    name: "list() starts again when a page expires, listPages() says so",
    needs: "expire",
    async run(contract) {
      const { kube, side } = contract;
      assert.ok(side.expire);
      await makeConfigMaps(contract, 3);
      const pages = kube.listPages(configMaps(contract), { limit: 1, labelSelector: "app=x" })
        [Symbol.asyncIterator]();
      await pages.next();
      await kube.create(configMaps(contract), { metadata: { name: "later" } });
      side.expire();
      await assert.rejects(pages.next(), ListExpiredError);
    },
  },
  {
    name: "watch() shows changes from a resourceVersion as the selector sees them",
    async run(contract) {
      const { kube } = contract;
      await makeConfigMaps(contract, 3);
      const { metadata } = await kube.list(configMaps(contract), { labelSelector: "app=x" });
      const abort = new AbortController();
      const seen: string[] = [];
      const reading = (async () => {
        for await (
          const event of kube.watch(configMaps(contract), {
            labelSelector: "app=x",
            resourceVersion: metadata.resourceVersion,
            signal: abort.signal,
          })
        ) {
          seen.push(describe(event));
          if (seen.length === 3) abort.abort();
        }
      })().catch((error) => {
        // An abort may end the iteration by its END event or by the reason.
        if (!abort.signal.aborted) throw error;
      });
      const ref = (name: string) => ({ ...configMaps(contract), name });
      await kube.patch(ref("c0"), { type: "merge", body: { data: { k: "1" } } });
      await kube.patch(ref("c1"), {
        type: "merge",
        body: { metadata: { labels: { app: "y" } } },
      });
      await kube.delete(ref("c2"));
      await reading;
      assert.deepEqual(seen.slice(0, 3), ["MODIFIED c0", "DELETED c1", "DELETED c2"]);
    },
  },
  {
    name: "watch() with sendInitialEvents ends the first state with a bookmark",
    async run(contract) {
      const { kube } = contract;
      await makeConfigMaps(contract, 2);
      const types: string[] = [];
      for await (
        const event of kube.watch(configMaps(contract), {
          labelSelector: "app=x",
          sendInitialEvents: true,
          resourceVersionMatch: "NotOlderThan",
        })
      ) {
        types.push(event.type);
        if (event.type !== "BOOKMARK") continue;
        const { annotations } = event.object.metadata;
        assert.equal(annotations?.["k8s.io/initial-events-end"], "true");
        break;
      }
      assert.deepEqual(types, ["ADDED", "ADDED", "BOOKMARK"]);
    },
  },
  {
    name: "watch() of forgotten history is an expiry",
    needs: "expire",
    async run(contract) {
      const { kube, side } = contract;
      assert.ok(side.expire);
      const { metadata } = await kube.list(configMaps(contract));
      await makeConfigMaps(contract, 1);
      side.expire();
      const { resourceVersion } = metadata;
      let event: WatchEvent | undefined;
      try {
        for await (event of kube.watch(configMaps(contract), { resourceVersion })) break;
        assert.equal(event?.type === "ERROR" ? event.object.code : undefined, 410);
      } catch (error) {
        assert.ok(isExpired(error));
      }
    },
  },
  ...(["list-watch", "watch-list"] as const).map((mode) => ({
    name: `informer() in mode ${mode} holds the collection and tells every change`,
    async run(contract: Contract) {
      const { kube } = contract;
      await makeConfigMaps(contract, 2);
      const informer = kube.informer({
        resource: configMaps(contract),
        labelSelector: "app=x",
        mode,
      });
      const seen: string[] = [];
      informer.addHandler((event) => {
        seen.push(describeChange(event));
      });
      const byNumber = informer.indexBy("n", ({ metadata }) => [metadata.labels?.["n"] ?? ""]);
      informer.start();
      await informer.synced;
      // The store is complete first, handlers are told afterwards.
      await eventually("the handler was told", () => seen.includes("synced"));
      assert.deepEqual(seen.toSorted(), ["added c0", "added c1", "synced"]);
      assert.equal(informer.list().length, 2);
      assert.equal(informer.get(contract.namespace, "c1")?.metadata.name, "c1");
      assert.deepEqual(byNumber("1").map(({ metadata }) => metadata.name), ["c1"]);
      seen.length = 0;
      const ref = (name: string) => ({ ...configMaps(contract), name });
      await kube.patch(ref("c0"), { type: "merge", body: { data: { k: "1" } } });
      await kube.create(configMaps(contract), {
        metadata: { name: "c9", labels: { app: "x", n: "9" } },
      });
      await kube.patch(ref("c1"), {
        type: "merge",
        body: { metadata: { labels: { app: "y" } } },
      });
      await kube.delete(ref("c9"));
      await eventually("all changes", () => seen.length >= 4);
      assert.deepEqual(seen, ["updated c0", "added c9", "deleted c1", "deleted c9"]);
      assert.deepEqual(informer.list().map(({ metadata }) => metadata.name), ["c0"]);
      assert.equal(informer.state, "watching");
      await informer.stop();
      assert.equal(informer.state, "stopped");
    },
  })),
  {
    name: "logs() of a pod that runs nowhere is empty, of no pod a NotFound",
    async run({ kube, namespace }) {
      await kube.create({ group: "", version: "v1", resource: "pods", namespace }, {
        metadata: { name: "p" },
        spec: { containers: [{ name: "c", image: "i" }] },
      });
      const lines: string[] = [];
      const log = await kube.logs({ namespace, name: "p" });
      for await (const line of log.lines) lines.push(line);
      assert.deepEqual(lines, []);
      await assert.rejects(kube.logs({ namespace, name: "none" }), isNotFound);
    },
  },
  {
    name: "kinds are mapped to resources, custom ones as soon as they are served",
    async run({ kube, namespace }) {
      const secret = await kube.create({ apiVersion: "v1", kind: "Secret", namespace }, {
        metadata: { name: "s" },
      });
      assert.equal(secret["type"], "Opaque");
      const list = await kube.list({ apiVersion: "apps/v1", kind: "Deployment", namespace });
      assert.equal(list.kind, "DeploymentList");
    },
  },
  {
    name: "serverVersion() and raw()",
    async run({ kube, namespace }) {
      const version = await kube.serverVersion();
      assert.match(version.gitVersion, /^v\d+\.\d+/);
      const answer = await kube.raw("GET", "/healthz", { accept: "*/*" });
      assert.equal(new TextDecoder().decode(answer.bytes), "ok");
      const list = await kube.raw("GET", `/api/v1/namespaces/${namespace}/secrets`, {
        query: { limit: 1 },
      });
      assert.equal(JSON.parse(new TextDecoder().decode(list.bytes)).kind, "SecretList");
      await assert.rejects(kube.raw("GET", "/api/v1/nothing"), isNotFound);
    },
  },
];

function configMaps({ namespace }: Contract) {
  return { group: "", version: "v1", resource: "configmaps", namespace };
}

async function makeConfigMaps(contract: Contract, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await contract.kube.create(configMaps(contract), {
      metadata: { name: `c${n}`, labels: { app: "x", n: String(n) } },
      data: { k: "v" },
    });
  }
}

async function namesOf(
  reader: KubeReader,
  contract: Contract,
  labelSelector: string,
): Promise<(string | undefined)[]> {
  const names: (string | undefined)[] = [];
  for await (const item of reader.listAll(configMaps(contract), { labelSelector, limit: 1 })) {
    names.push(item.metadata.name);
  }
  return names;
}

function describe(event: WatchEvent): string {
  return event.type === "END" || event.type === "ERROR"
    ? event.type
    : `${event.type} ${event.object.metadata.name}`;
}

function describeChange(event: InformerEvent): string {
  return "object" in event ? `${event.type} ${event.object.metadata.name}` : event.type;
}
