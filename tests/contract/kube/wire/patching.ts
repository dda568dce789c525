/** Exchanges about patches of every type and server-side apply. */

import assert from "node:assert/strict";
import type { Body, Wire, WireCase } from "./wire.ts";

/** The cases of this file. */
export const patchCases: readonly WireCase[] = [
  {
    name: "JSON patch",
    looseMessages: ["PATCH"],
    async run(wire) {
      const path = wire.core("configmaps/p");
      await wire.post(wire.core("configmaps"), {
        metadata: { name: "p", annotations: { "a/b": "1" } },
        data: { k: "v" },
      });
      const patched = await wire.patch("json", path, [
        { op: "test", path: "/data/k", value: "v" },
        { op: "add", path: "/data/x", value: "1" },
        { op: "replace", path: "/metadata/annotations/a~1b", value: "2" },
        { op: "move", from: "/data/k", path: "/data/m" },
        { op: "copy", from: "/data/m", path: "/data/n" },
      ]);
      assert.deepEqual(patched.body.data, { x: "1", m: "v", n: "v" });
      assert.deepEqual(patched.body.metadata.annotations, { "a/b": "2" });
      for (
        const operation of [
          { op: "test", path: "/data/x", value: "2" },
          { op: "remove", path: "/data/none" },
          { op: "bogus", path: "/data/x" },
        ]
      ) {
        const { status, body } = await wire.patch("json", path, [operation]);
        assert.equal(`${status} ${body.reason}`, "422 Invalid");
      }
      assert.equal((await wire.patch("json", path, { a: 1 })).status, 400);
      assert.deepEqual((await wire.get(path)).body.data, { x: "1", m: "v", n: "v" });
    },
  },
  {
    name: "merge patch",
    looseMessages: ["PATCH"],
    async run(wire) {
      const path = wire.core("configmaps/p");
      await wire.post(wire.core("configmaps"), {
        metadata: { name: "p" },
        data: { a: "1", b: "2" },
      });
      const patched = await wire.patch("merge", path, { data: { a: null, c: "3" } });
      assert.deepEqual(patched.body.data, { b: "2", c: "3" });
      const same = await wire.patch("merge", path, { data: { c: "3" } });
      assert.equal(same.body.metadata.resourceVersion, patched.body.metadata.resourceVersion);
      const stale = await wire.patch("merge", path, { metadata: { resourceVersion: "1" } });
      assert.equal(`${stale.status} ${stale.body.reason}`, "409 Conflict");
      assert.equal((await wire.patch("merge", path, { metadata: { name: "q" } })).status, 400);
      assert.equal((await wire.patch("merge", path, "garbage")).status, 400);
      const absent = await wire.patch("merge", wire.core("configmaps/none"), { data: {} });
      assert.equal(absent.status, 404);
      const dry = await wire.patch("merge", `${path}?dryRun=All`, { data: { dry: "1" } });
      assert.equal(dry.body.data.dry, "1");
      assert.equal((await wire.get(path)).body.data.dry, undefined);
      const plain = await wire.send("PATCH", path, { body: {}, contentType: "application/json" });
      assert.equal(plain.status, 415);
      const force = await wire.patch("merge", `${path}?force=true`, { data: {} });
      assert.equal(force.status, 422);
    },
  },
  {
    name: "strategic merge patch: lists by key, directives",
    async run(wire) {
      const path = await makeDeployment(wire);
      const patched = await wire.patch("strategic", path, {
        spec: {
          template: {
            spec: {
              containers: [
                { name: "new", image: "n" },
                { name: "c", image: "changed", env: [{ name: "B", value: "2" }] },
              ],
            },
          },
        },
      });
      const containers = patched.body.spec.template.spec.containers;
      assert.deepEqual(containers.map(({ name }: Body) => name), ["new", "c"]);
      assert.equal(containers[1].image, "changed");
      assert.deepEqual(containers[1].env, [{ name: "B", value: "2" }, { name: "A", value: "1" }]);
      assert.equal(containers[1].ports[0].containerPort, 80, "what is not named stays");
      const without = await wire.patch("strategic", path, {
        spec: { template: { spec: { containers: [{ name: "new", $patch: "delete" }] } } },
      });
      assert.deepEqual(
        without.body.spec.template.spec.containers.map(({ name }: Body) => name),
        ["c"],
      );
      const three = ["c", "d", "e"].map((name) => ({ name, image: "i" }));
      await wire.patch("strategic", path, { spec: { template: { spec: { containers: three } } } });
      const reordered = await wire.patch("strategic", path, {
        spec: {
          template: {
            spec: { containers: ["e", "x", "c"].map((name) => ({ name, image: "j" })) },
          },
        },
      });
      assert.deepEqual(
        reordered.body.spec.template.spec.containers.map(({ name }: Body) => name),
        ["d", "e", "x", "c"],
        "the patch's order, others before what followed them",
      );
      const replaced = await wire.patch("strategic", path, {
        spec: {
          template: { spec: { containers: [{ $patch: "replace" }, { name: "r", image: "r" }] } },
        },
      });
      assert.deepEqual(
        replaced.body.spec.template.spec.containers.map(({ name }: Body) => name),
        ["r"],
      );
      const finalized = await wire.patch("strategic", path, {
        metadata: { finalizers: ["example.com/a"] },
      });
      assert.deepEqual(finalized.body.metadata.finalizers, ["example.com/a"]);
      const more = await wire.patch("strategic", path, {
        metadata: { finalizers: ["example.com/b"] },
      });
      assert.deepEqual(more.body.metadata.finalizers.toSorted(), [
        "example.com/a",
        "example.com/b",
      ]);
      const fewer = await wire.patch("strategic", path, {
        metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/a", "example.com/b"] },
      });
      assert.equal(fewer.body.metadata.finalizers, undefined);
    },
  },
  {
    name: "apply creates, updates, conflicts, takes over and lets go",
    async run(wire) {
      const path = wire.core("configmaps/ap");
      const apply = (manager: string, data: Record<string, string>, query = "") =>
        wire.patch("apply", `${path}?fieldManager=${manager}${query}`, {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "ap" },
          data,
        });
      const created = await apply("one", { a: "1", b: "1" });
      assert.equal(created.status, 201);
      assert.deepEqual(managers(created.body), [
        'one Apply {"f:data":{"f:a":{},"f:b":{}}}',
      ]);
      const again = await apply("one", { a: "1", b: "1" });
      assert.equal(again.status, 200);
      assert.equal(again.body.metadata.resourceVersion, created.body.metadata.resourceVersion);
      const conflict = await apply("two", { a: "2" });
      assert.equal(conflict.status, 409);
      assert.deepEqual(conflict.body.details.causes, [{
        reason: "FieldManagerConflict",
        message: 'conflict with "one"',
        field: ".data.a",
      }]);
      const agreed = await apply("three", { b: "1" });
      assert.equal(agreed.status, 200, "the same value is no conflict");
      const forced = await apply("two", { a: "2" }, "&force=true");
      assert.deepEqual(forced.body.data, { a: "2", b: "1" });
      const released = await apply("one", { c: "3" });
      assert.deepEqual(released.body.data, { a: "2", b: "1", c: "3" }, "three still holds b");
      const dropped = await apply("three", { c: "3" });
      assert.deepEqual(dropped.body.data, { a: "2", c: "3" });
      await wire.patch("merge", `${path}?fieldManager=four`, { data: { c: "4" } });
      const both = await apply("one", { a: "x", c: "3" });
      assert.equal(both.status, 409);
      assert.deepEqual(
        both.body.details.causes.map(({ field, message }: Body) => `${field}: ${message}`)
          .toSorted(),
        ['.data.a: conflict with "two"', '.data.c: conflict with "four" using v1'],
      );
    },
  },
  {
    name: "apply merges lists by key",
    async run(wire) {
      const path = await makeDeployment(wire);
      const applied = await wire.patch("apply", `${path}?fieldManager=side&force=true`, {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "d" },
        spec: {
          template: {
            spec: {
              containers: [{ name: "side", image: "s", ports: [{ containerPort: 81, name: "x" }] }],
            },
          },
        },
      });
      assert.equal(applied.status, 200);
      assert.deepEqual(
        applied.body.spec.template.spec.containers.map(({ name }: Body) => name).toSorted(),
        ["c", "side"],
      );
      const gone = await wire.patch("apply", `${path}?fieldManager=side`, {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "d" },
      });
      assert.deepEqual(gone.body.spec.template.spec.containers.map(({ name }: Body) => name), [
        "c",
      ]);
    },
  },
  {
    name: "apply refuses what is wrong",
    looseMessages: ["PATCH"],
    async run(wire) {
      const path = wire.core("configmaps/ap");
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "ap" } };
      assert.equal((await wire.patch("apply", path, body)).status, 422, "fieldManager is needed");
      const query = "?fieldManager=one";
      await wire.patch("apply", path + query, body);
      assert.equal(
        (await wire.patch("apply", path + query, { metadata: body.metadata })).status,
        400,
      );
      const owned = { ...body, metadata: { name: "ap", managedFields: [] } };
      assert.equal((await wire.patch("apply", path + query, owned)).status, 400);
      const stale = { ...body, metadata: { name: "ap", resourceVersion: "1" } };
      assert.equal((await wire.patch("apply", path + query, stale)).status, 409);
    },
  },
  {
    name: "updates own what they change",
    async run(wire) {
      const path = wire.core("configmaps/own");
      const agent = { headers: { "user-agent": "agent-x/1.0" } };
      const created = await wire.post(wire.core("configmaps"), {
        metadata: { name: "own", labels: { a: "b" } },
        data: { k: "v" },
      }, agent);
      assert.deepEqual(managers(created.body), [
        'agent-x Update {"f:data":{".":{},"f:k":{}},"f:metadata":{"f:labels":{".":{},"f:a":{}}}}',
      ]);
      const patched = await wire.patch("merge", `${path}?fieldManager=other`, {
        data: { k: "w", l: "1" },
      });
      assert.deepEqual(managers(patched.body), [
        'agent-x Update {"f:data":{},"f:metadata":{"f:labels":{".":{},"f:a":{}}}}',
        'other Update {"f:data":{"f:k":{},"f:l":{}}}',
      ]);
    },
  },
];

async function makeDeployment(wire: Wire): Promise<string> {
  const base = `/apis/apps/v1/namespaces/${wire.namespace}/deployments`;
  await wire.post(base, {
    metadata: { name: "d" },
    spec: {
      replicas: 0,
      selector: { matchLabels: { a: "b" } },
      template: {
        metadata: { labels: { a: "b" } },
        spec: {
          containers: [{
            name: "c",
            image: "i",
            env: [{ name: "A", value: "1" }],
            ports: [{ containerPort: 80, protocol: "TCP" }],
          }],
        },
      },
    },
  });
  return `${base}/d`;
}

/** `manager operation fields` of each entry, sorted, keys in order. */
function managers(object: Body): string[] {
  return object.metadata.managedFields.map((entry: Body) =>
    `${entry.manager} ${entry.operation} ${JSON.stringify(sorted(entry.fieldsV1))}`
  ).toSorted();
}

function sorted(value: Body): Body {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.keys(value).toSorted().map((key) => [key, sorted(value[key])]),
  );
}
