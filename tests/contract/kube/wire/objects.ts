/** Exchanges about single objects: create, get, update, delete, and what is refused. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import type { WireCase } from "./wire.ts";

/** The cases of this file. */
export const objectCases: readonly WireCase[] = [
  {
    name: "create, get, update, delete",
    async run(wire) {
      const created = await wire.post(wire.core("configmaps"), {
        metadata: { name: "a", labels: { app: "x" } },
        data: { k: "v" },
      });
      assert.equal(created.status, 201);
      assert.equal(created.body.kind, "ConfigMap");
      assert.equal(created.body.metadata.namespace, wire.namespace);
      assert.match(created.body.metadata.uid, /^[0-9a-f-]{36}$/);
      assert.match(created.body.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const got = await wire.get(wire.core("configmaps/a"));
      assert.deepEqual(got.body, created.body);
      const updated = await wire.put(wire.core("configmaps/a"), {
        ...got.body,
        data: { k: "w" },
      });
      assert.equal(updated.status, 200);
      assert.notEqual(updated.body.metadata.resourceVersion, got.body.metadata.resourceVersion);
      assert.equal(updated.body.metadata.uid, got.body.metadata.uid);
      const same = await wire.put(wire.core("configmaps/a"), updated.body);
      assert.equal(
        same.body.metadata.resourceVersion,
        updated.body.metadata.resourceVersion,
        "an update that changes nothing makes no revision",
      );
      const deleted = await wire.delete(wire.core("configmaps/a"));
      assert.equal(deleted.body.status, "Success");
      assert.equal(deleted.body.details.uid, got.body.metadata.uid);
      assert.equal((await wire.get(wire.core("configmaps/a"))).status, 404);
      assert.equal((await wire.delete(wire.core("configmaps/a"))).body.reason, "NotFound");
    },
  },
  {
    name: "create refuses what is wrong",
    looseMessages: ["POST /api/v1/namespaces/<namespace>/configmaps"],
    async run(wire) {
      const path = wire.core("configmaps");
      const reasonOf = async (body: unknown, options = {}) => {
        const { status, body: answer } = await wire.post(path, body, options);
        return `${status} ${answer.reason}`;
      };
      await wire.post(path, { metadata: { name: "a" } });
      assert.equal(await reasonOf({ metadata: { name: "a" } }), "409 AlreadyExists");
      assert.equal(await reasonOf({ metadata: {} }), "422 Invalid");
      assert.equal(await reasonOf({ metadata: { name: "Not_A_Name" } }), "422 Invalid");
      assert.equal(
        await reasonOf({ metadata: { name: "b", namespace: "other" } }),
        "400 BadRequest",
      );
      assert.equal(
        await reasonOf({ apiVersion: "v1", kind: "Pod", metadata: { name: "b" } }),
        "400 BadRequest",
      );
      assert.equal(await reasonOf("no json"), "400 BadRequest");
      assert.equal(
        await reasonOf({ metadata: { name: "b", resourceVersion: "5" } }),
        "500 undefined",
      );
      assert.equal(
        await reasonOf("x", { contentType: "text/plain" }),
        "415 UnsupportedMediaType",
      );
    },
  },
  {
    name: "create in a namespace that is not there",
    async run(wire) {
      const { status, body } = await wire.post("/api/v1/namespaces/never-made/configmaps", {
        metadata: { name: "a" },
      });
      assert.equal(status, 404);
      assert.deepEqual(body.details, { name: "never-made", kind: "namespaces" });
    },
  },
  {
    name: "generateName makes a fresh name each time",
    async run(wire) {
      const body = { metadata: { generateName: "g-" } };
      const first = await wire.post(wire.core("configmaps"), body);
      const second = await wire.post(wire.core("configmaps"), body);
      assert.match(first.body.metadata.name, /^g-[a-z0-9]{5}$/);
      assert.notEqual(first.body.metadata.name, second.body.metadata.name);
      assert.equal(first.body.metadata.generateName, "g-");
    },
  },
  {
    name: "a dry run changes nothing",
    async run(wire) {
      const path = wire.core("configmaps");
      const dry = await wire.post(`${path}?dryRun=All`, { metadata: { name: "dry" } });
      assert.equal(dry.status, 201);
      assert.equal(dry.body.metadata.resourceVersion, undefined);
      assert.equal((await wire.get(`${path}/dry`)).status, 404);
      assert.equal(
        (await wire.post(`${path}?dryRun=Some`, { metadata: { name: "d" } })).status,
        422,
      );
    },
  },
  {
    name: "update checks resourceVersion, uid and name",
    looseMessages: ["PUT /api/v1/namespaces/<namespace>/configmaps/a"],
    async run(wire) {
      const path = wire.core("configmaps/a");
      await wire.post(wire.core("configmaps"), { metadata: { name: "a" } });
      const stale = await wire.put(path, { metadata: { name: "a", resourceVersion: "1" } });
      assert.equal(`${stale.status} ${stale.body.reason}`, "409 Conflict");
      const other = "00000000-0000-0000-0000-000000000000";
      const alien = await wire.put(path, { metadata: { name: "a", uid: other } });
      assert.equal(`${alien.status} ${alien.body.reason}`, "409 Conflict");
      assert.equal((await wire.put(path, { metadata: { name: "z" } })).status, 400);
      assert.equal((await wire.put(path, { data: {} })).status, 400);
      const absent = await wire.put(wire.core("configmaps/zz"), { metadata: { name: "zz" } });
      assert.equal(absent.status, 404);
    },
  },
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
    name: "fields a kind does not have",
    looseMessages: ["PATCH"],
    async run(wire) {
      const path = wire.core("configmaps");
      const body = { metadata: { name: "a" }, data: { k: "v" }, other: 1 };
      const strict = await wire.post(`${path}?fieldValidation=Strict`, body);
      assert.equal(`${strict.status} ${strict.body.reason}`, "400 BadRequest");
      const warned = await wire.post(path, body);
      assert.equal(warned.headers["warning"], '299 - "unknown field \\"other\\""');
      assert.equal(warned.body.other, undefined);
      const ignored = await wire.put(`${path}/a?fieldValidation=Ignore`, body);
      assert.equal(ignored.headers["warning"], undefined);
      assert.equal(
        (await wire.put(`${path}/a?fieldValidation=Strict`, {
          ...body,
          metadata: { name: "a", own: 1 },
        })).status,
        400,
      );
      for (const type of ["merge", "strategic"] as const) {
        const patched = await wire.patch(type, `${path}/a?fieldValidation=Strict`, { other: 1 });
        assert.equal(`${patched.status} ${patched.body.details.causes[0].field}`, "422 patch");
      }
      const applied = await wire.patch("apply", `${path}/a?fieldManager=x`, {
        ...body,
        apiVersion: "v1",
        kind: "ConfigMap",
      });
      assert.equal(applied.status, 500);
      const number = await wire.post(path, { metadata: { name: "n" }, data: { k: 1 } });
      assert.equal(number.status, 400);
      assert.equal((await wire.patch("merge", `${path}/a`, { data: { k: 1 } })).status, 422);
    },
  },
  {
    name: "secrets: stringData becomes data, which is base64",
    looseMessages: ["PATCH", "POST"],
    async run(wire) {
      const path = wire.core("secrets");
      const { body } = await wire.post(path, {
        metadata: { name: "s" },
        stringData: { a: "b" },
        data: { c: "ZA==" },
      });
      assert.deepEqual(body.data, { a: "Yg==", c: "ZA==" });
      assert.deepEqual([body.stringData, body.type], [undefined, "Opaque"]);
      const patched = await wire.patch("merge", `${path}/s`, { stringData: { a: "x" } });
      assert.deepEqual(patched.body.data, { a: "eA==", c: "ZA==" });
      const wrong = await wire.patch("merge", `${path}/s`, { data: { a: "not base64" } });
      assert.equal(wrong.status, 422);
      const post = await wire.post(path, { metadata: { name: "t" }, data: { a: "not base64" } });
      assert.equal(post.status, 400);
    },
  },
  {
    name: "ports have a protocol",
    async run(wire) {
      const slices = `/apis/discovery.k8s.io/v1/namespaces/${wire.namespace}/endpointslices`;
      const slice = await wire.post(slices, {
        metadata: { name: "s", labels: { "kubernetes.io/service-name": "s" } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: true } }],
        ports: [{ name: "grpc", port: 50051 }],
      });
      assert.deepEqual(slice.body.ports, [{ name: "grpc", port: 50051, protocol: "TCP" }]);
      assert.equal(slice.body.metadata.generation, 1);
      const patched = await wire.patch("strategic", `${slices}/s`, {
        endpoints: [{ addresses: ["10.0.0.2"], conditions: { ready: false } }],
        ports: [{ name: "http", port: 80 }],
      });
      assert.deepEqual(patched.body.endpoints[0].addresses, ["10.0.0.2"], "replaced, not merged");
      assert.deepEqual(patched.body.ports, [{ name: "http", port: 80, protocol: "TCP" }]);
      assert.equal(patched.body.metadata.generation, 2);
      const service = await wire.post(wire.core("services"), {
        metadata: { name: "s" },
        spec: { ports: [{ port: 80 }] },
      });
      assert.deepEqual(service.body.spec.ports, [{ port: 80, protocol: "TCP", targetPort: 80 }]);
      assert.equal((await wire.delete(wire.core("services/s"))).body.kind, "Service");
    },
  },
  {
    name: "limits of size",
    looseMessages: ["POST"],
    async run(wire) {
      const post = (k: string) =>
        wire.post(wire.core("configmaps"), { metadata: { name: "big" }, data: { k } });
      const tooLong = await post("x".repeat(1_200_000));
      assert.equal(`${tooLong.status} ${tooLong.body.reason}`, "422 Invalid");
      assert.equal((await post("x".repeat(3_300_000))).status, 413);
      assert.equal((await post("x".repeat(1_000_000))).status, 201);
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
    name: "status is a world of its own",
    async run(wire) {
      const pod = {
        metadata: { name: "p" },
        spec: { containers: [{ name: "c", image: "i" }] },
        status: { phase: "Running" },
      };
      const created = await wire.post(wire.core("pods"), pod);
      assert.equal(created.body.status.phase, "Pending", "create ignores status");
      const patched = await wire.patch("merge", wire.core("pods/p/status"), {
        status: { phase: "Running", podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }] },
      });
      assert.equal(patched.status, 200);
      assert.equal(patched.body.status.phase, "Running");
      assert.equal(patched.body.metadata.generation, 1, "status does not count as generation");
      const main = await wire.patch("merge", wire.core("pods/p"), {
        metadata: { labels: { a: "b" } },
        status: { phase: "Failed" },
      });
      assert.equal(main.body.status.phase, "Running", "the object itself does not write status");
    },
  },
  {
    name: "deployments: generation, scale, validation",
    looseMessages: ["POST"],
    async run(wire) {
      const base = `/apis/apps/v1/namespaces/${wire.namespace}/deployments`;
      const created = await wire.post(base, {
        metadata: { name: "d" },
        spec: {
          replicas: 0,
          selector: { matchLabels: { a: "b" } },
          template: {
            metadata: { labels: { a: "b" } },
            spec: { containers: [{ name: "c", image: "i" }] },
          },
        },
      });
      assert.equal(created.body.metadata.generation, 1);
      const scale = await wire.get(`${base}/d/scale`);
      assert.equal(scale.body.kind, "Scale");
      assert.equal(scale.body.status.selector, "a=b");
      const written = await wire.put(`${base}/d/scale`, {
        metadata: { name: "d", namespace: wire.namespace },
        spec: { replicas: 1 },
      });
      assert.equal(written.body.spec.replicas, 1);
      const patched = await wire.patch("merge", `${base}/d/scale`, { spec: { replicas: 0 } });
      assert.equal(patched.body.spec.replicas, undefined, "a zero is left out");
      assert.equal((await wire.get(`${base}/d`)).body.metadata.generation, 3);
      const bad = await wire.post(base, { metadata: { name: "bad" }, spec: {} });
      assert.equal(`${bad.status} ${bad.body.reason}`, "422 Invalid");
      assert.equal(bad.body.details.causes[0].field, "spec.selector");
    },
  },
  {
    name: "paths and methods that are not there",
    async run(wire) {
      assert.equal((await wire.get("/api/v1/nothing")).body.reason, "NotFound");
      assert.equal(
        (await wire.get("/apis/nothing.example/v1/x")).contentType.split(";")[0],
        "text/plain",
      );
      assert.equal((await wire.get(wire.core("configmaps/a/status"))).status, 404);
      assert.equal((await wire.post(wire.core("configmaps/a"), {})).status, 405);
      assert.equal((await wire.patch("merge", wire.core("configmaps"), {})).status, 405);
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
