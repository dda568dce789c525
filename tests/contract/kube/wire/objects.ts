/** Exchanges about single objects: create, get, update, and what is refused. */

import assert from "node:assert/strict";
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
];
