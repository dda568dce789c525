/** Exchanges about what kinds have of their own: fields, defaults, limits, status and scale. */

import assert from "node:assert/strict";
import type { WireCase } from "./wire.ts";

/** The cases of this file. */
export const kindCases: readonly WireCase[] = [
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
];
