/** Exchanges about the end of objects: deletion with its conditions, what goes with them, what waits. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import type { WireCase } from "./wire.ts";

/** The cases of this file. */
export const deletionCases: readonly WireCase[] = [
  {
    name: "delete checks preconditions and propagation",
    async run(wire) {
      const path = wire.core("configmaps/a");
      await wire.post(wire.core("configmaps"), { metadata: { name: "a" } });
      const byUid = await wire.delete(path, { preconditions: { uid: "x" } });
      assert.equal(`${byUid.status} ${byUid.body.reason}`, "409 Conflict");
      const byRevision = await wire.delete(path, { preconditions: { resourceVersion: "1" } });
      assert.equal(`${byRevision.status} ${byRevision.body.reason}`, "409 Conflict");
      assert.equal((await wire.delete(path, { propagationPolicy: "Bad" })).status, 422);
      assert.equal((await wire.delete(`${path}?propagationPolicy=Background`)).status, 200);
    },
  },
  {
    name: "an object with finalizers goes when the last one goes",
    async run(wire) {
      const path = wire.core("configmaps/fin");
      await wire.post(wire.core("configmaps"), {
        metadata: { name: "fin", finalizers: ["example.com/wait"] },
      });
      const deleted = await wire.delete(path);
      assert.equal(deleted.body.kind, "ConfigMap");
      assert.equal(typeof deleted.body.metadata.deletionTimestamp, "string");
      assert.equal(deleted.body.metadata.deletionGracePeriodSeconds, 0);
      const again = await wire.delete(path);
      assert.equal(again.body.metadata.resourceVersion, deleted.body.metadata.resourceVersion);
      await wire.patch("merge", path, { metadata: { finalizers: null } });
      assert.equal((await wire.get(path)).status, 404);
    },
  },
  {
    name: "deletecollection deletes what is selected and returns it",
    async run(wire) {
      const path = wire.core("configmaps");
      for (const name of ["a", "b", "c"]) {
        await wire.post(path, { metadata: { name, labels: { app: name === "c" ? "y" : "x" } } });
      }
      const { status, body } = await wire.delete(`${path}?labelSelector=app%3Dx`);
      assert.equal(status, 200);
      assert.deepEqual(
        body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
        [
          "a",
          "b",
        ],
      );
      assert.equal((await wire.get(`${path}/c`)).status, 200);
      assert.equal((await wire.get(`${path}/a`)).status, 404);
    },
  },
  {
    name: "pods: deletion answers with the pod, eviction with success, no node means no log",
    async run(wire) {
      const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
      const created = await wire.post(wire.core("pods"), pod);
      assert.equal(created.body.status.phase, "Pending");
      assert.equal((await wire.get(wire.core("pods/p/log"))).status, 204);
      assert.equal((await wire.get(wire.core("pods/p/log?container=x"))).status, 400);
      assert.equal((await wire.get(wire.core("pods/p/log?tailLines=-1"))).status, 422);
      assert.equal((await wire.get(wire.core("pods/none/log"))).status, 404);
      const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p" } };
      const evicted = await wire.post(wire.core("pods/p/eviction"), eviction);
      assert.equal(evicted.status, 201);
      assert.equal(evicted.body.status, "Success");
      assert.equal((await wire.get(wire.core("pods/p"))).status, 404);
      await wire.post(wire.core("pods"), pod);
      assert.equal((await wire.delete(wire.core("pods/p"))).body.kind, "Pod");
    },
  },
  {
    name: "pods on a node go when their grace is over",
    async run(wire) {
      const pod = { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
      await wire.post(wire.core("pods"), pod);
      const binding = {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name: "p" },
        target: { kind: "Node", name: "n1" },
      };
      const bound = await wire.post(wire.core("pods/p/binding"), binding);
      assert.equal(`${bound.status} ${bound.body.status}`, "201 Success");
      assert.equal((await wire.post(wire.core("pods/p/binding"), binding)).status, 409);
      const marked = await wire.delete(wire.core("pods/p"));
      const { deletionTimestamp, deletionGracePeriodSeconds } = marked.body.metadata;
      assert.equal(deletionGracePeriodSeconds, 30);
      assert.ok(Date.parse(deletionTimestamp) > Date.now() + 20_000, "the time it will be gone");
      assert.equal((await wire.get(wire.core("pods/p"))).body.spec.nodeName, "n1");
      const gone = await wire.delete(wire.core("pods/p?gracePeriodSeconds=0"));
      assert.equal(gone.body.kind, "Pod");
      assert.equal((await wire.get(wire.core("pods/p"))).status, 404);
    },
  },
  {
    name: "what is owned goes with its owner, or is orphaned",
    needsControllers: true,
    async run(wire) {
      const path = wire.core("configmaps");
      for (const policy of ["Background", "Foreground", "Orphan"]) {
        const owner = await wire.post(path, {
          metadata: { name: `owner-${policy.toLowerCase()}` },
        });
        const { name, uid } = owner.body.metadata;
        const owned = `owned-${policy.toLowerCase()}`;
        await wire.post(path, {
          metadata: {
            name: owned,
            ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name, uid }],
          },
        });
        await wire.delete(`${path}/${name}?propagationPolicy=${policy}`);
        const before = wire.notes.length;
        await eventually(`${owned} is dealt with`, async () => {
          const { status, body } = await wire.get(`${path}/${owned}`);
          return policy !== "Orphan"
            ? status === 404
            : status === 200 && body.metadata.ownerReferences === undefined;
        });
        // The collector of the real plane takes its time; how many tries it took is not compared.
        wire.notes.length = before;
      }
    },
  },
  {
    name: "a namespace that is deleted refuses new objects and goes",
    async run(wire) {
      const name = `${wire.namespace}-x`;
      await wire.post("/api/v1/namespaces", { metadata: { name } });
      // A finalizer holds the namespace, so that the answer does not depend on a controller's speed.
      await wire.post(`/api/v1/namespaces/${name}/configmaps`, {
        metadata: { name: "last", finalizers: ["example.com/wait"] },
      });
      const deleted = await wire.delete(`/api/v1/namespaces/${name}`);
      assert.equal(deleted.body.status.phase, "Terminating");
      const late = await wire.post(`/api/v1/namespaces/${name}/configmaps`, {
        metadata: { name: "late" },
      });
      assert.equal(`${late.status} ${late.body.reason}`, "403 Forbidden");
      assert.equal(late.body.details.causes[0].reason, "NamespaceTerminating");
      await wire.delete(`/api/v1/namespaces/${name}/configmaps/last`);
      await wire.patch("merge", `/api/v1/namespaces/${name}/configmaps/last`, {
        metadata: { finalizers: null },
      });
    },
  },
];
