/** The writing half of the client contract: create, update, patches, apply, deletes, subresources. */

import assert from "node:assert/strict";
import type { KubeObject } from "#lib/kube/types.ts";
import {
  isAlreadyExists,
  isConflict,
  isInvalid,
  isNotFound,
  KubeApiError,
} from "#lib/kube/errors.ts";
import { retryOnConflict } from "#lib/kube/retry.ts";
import { systemClock } from "#lib/run/clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import type { Contract, ContractCase } from "./contract.ts";

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** The cases of this file. */
export const writingCases: readonly ContractCase[] = [
  {
    name: "create() by name, by generateName, twice, dry",
    async run(contract) {
      const { kube } = contract;
      const ref = configMaps(contract);
      const made = await kube.create(ref, { metadata: { name: "a" } });
      assert.equal(typeof made.metadata.uid, "string");
      await assert.rejects(kube.create(ref, { metadata: { name: "a" } }), isAlreadyExists);
      const generated = await kube.create(ref, { metadata: { generateName: "g-" } });
      assert.match(generated.metadata.name ?? "", /^g-\w{5}$/);
      await assert.rejects(kube.create(ref, { metadata: { name: "No_Name" } }), (error) => {
        assert.ok(isInvalid(error));
        assert.equal(error.details?.causes?.[0]?.field, "metadata.name");
        return true;
      });
      await kube.create(ref, { metadata: { name: "dry" } }, { dryRun: true });
      await assert.rejects(kube.get({ ...ref, name: "dry" }), isNotFound);
    },
  },
  {
    name: "update() refuses a stale object, retryOnConflict() gets through",
    async run(contract) {
      const { kube } = contract;
      const ref = { ...configMaps(contract), name: "a" };
      const first = await kube.create<ConfigMap>(ref, {
        metadata: { name: "a" },
        data: { n: "0" },
      });
      const second = await kube.update<ConfigMap>(ref, { ...first, data: { n: "1" } });
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      await assert.rejects(kube.update(ref, { ...first, data: { n: "2" } }), isConflict);
      let tries = 0;
      const done = await retryOnConflict(async () => {
        tries += 1;
        const base = tries === 1 ? first : await kube.get<ConfigMap>(ref);
        return await kube.update<ConfigMap>(ref, { ...base, data: { n: "3" } });
      }, { clock: systemClock });
      assert.deepEqual([done.data?.["n"], tries], ["3", 2]);
    },
  },
  {
    name: "patch() of each type",
    async run(contract) {
      const { kube, namespace } = contract;
      const ref = { ...configMaps(contract), name: "a" };
      await kube.create(ref, { metadata: { name: "a" }, data: { k: "v" } });
      const json = await kube.patch<ConfigMap>(ref, {
        type: "json",
        body: [{ op: "test", path: "/data/k", value: "v" }, {
          op: "add",
          path: "/data/x",
          value: "1",
        }],
      });
      assert.deepEqual(json.data, { k: "v", x: "1" });
      const failing = kube.patch(ref, {
        type: "json",
        body: [{ op: "test", path: "/data/k", value: "other" }],
      });
      await assert.rejects(failing, isInvalid);
      const merged = await kube.patch<ConfigMap>(ref, {
        type: "merge",
        body: { data: { x: null, y: "2" } },
      });
      assert.deepEqual(merged.data, { k: "v", y: "2" });
      const deployments = { group: "apps", version: "v1", resource: "deployments", namespace };
      await kube.create(deployments, deployment());
      const strategic = await kube.patch({ ...deployments, name: "d" }, {
        type: "strategic",
        body: { spec: { template: { spec: { containers: [{ name: "side", image: "s" }] } } } },
      });
      assert.deepEqual(containersOf(strategic).toSorted(), ["c", "side"]);
    },
  },
  {
    name: "a strategic patch of a custom resource is refused with 415",
    async run({ kube, namespace }) {
      const group = `${namespace}.example`;
      const definitions = {
        group: "apiextensions.k8s.io",
        version: "v1",
        resource: "customresourcedefinitions",
      };
      await kube.create(definitions, definition(group));
      try {
        const ref = { apiVersion: `${group}/v1`, kind: "Widget", namespace };
        const widgets = { group, version: "v1", resource: "widgets", namespace };
        await eventually("widgets are served", async () => {
          return await kube.list(widgets).then(() => true, () => false);
        });
        await kube.create(widgets, {
          apiVersion: ref.apiVersion,
          kind: "Widget",
          metadata: { name: "w" },
        });
        const patching = kube.patch({ ...widgets, name: "w" }, {
          type: "strategic",
          body: { spec: {} },
        });
        await assert.rejects(patching, (error) => {
          assert.ok(error instanceof KubeApiError);
          assert.deepEqual([error.status, error.reason], [415, "UnsupportedMediaType"]);
          return true;
        });
      } finally {
        await kube.delete({ ...definitions, name: `widgets.${group}` });
      }
    },
  },
  {
    name: "apply() creates, conflicts with causes, takes over by force",
    async run(contract) {
      const { kube } = contract;
      const ref = { ...configMaps(contract), name: "ap" };
      const body = (data: Record<string, string>) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "ap" },
        data,
      });
      const made = await kube.apply<ConfigMap>(ref, body({ a: "1", b: "1" }), {
        fieldManager: "one",
      });
      assert.deepEqual(made.data, { a: "1", b: "1" });
      const conflict = kube.apply(ref, body({ a: "2" }), { fieldManager: "two" });
      await assert.rejects(conflict, (error) => {
        assert.ok(isConflict(error));
        assert.deepEqual(error.details?.causes, [{
          reason: "FieldManagerConflict",
          message: 'conflict with "one"',
          field: ".data.a",
        }]);
        return true;
      });
      const forced = await kube.apply<ConfigMap>(ref, body({ a: "2" }), {
        fieldManager: "two",
        force: true,
      });
      assert.deepEqual(forced.data, { a: "2", b: "1" });
      const released = await kube.apply<ConfigMap>(ref, body({ b: "1" }), { fieldManager: "one" });
      assert.deepEqual(released.data, { a: "2", b: "1" });
    },
  },
  {
    name: "delete() with preconditions, dry, foreground; deleteCollection() by selector",
    async run(contract) {
      const { kube } = contract;
      const ref = configMaps(contract);
      const made = await kube.create(ref, { metadata: { name: "a", labels: { app: "x" } } });
      const item = { ...ref, name: "a" };
      await assert.rejects(kube.delete(item, { preconditions: { uid: "other" } }), isConflict);
      await kube.delete(item, { dryRun: true });
      assert.equal((await kube.get(item)).metadata.uid, made.metadata.uid);
      await kube.delete(item, {
        propagationPolicy: "Background",
        preconditions: { uid: made.metadata.uid ?? "" },
      });
      await assert.rejects(kube.get(item), isNotFound);
      await assert.rejects(kube.delete(item), isNotFound);
      for (const name of ["b", "c"]) {
        await kube.create(ref, { metadata: { name, labels: { app: name } } });
      }
      await kube.deleteCollection(ref, { labelSelector: "app=b" });
      await assert.rejects(kube.get({ ...ref, name: "b" }), isNotFound);
      assert.equal((await kube.get({ ...ref, name: "c" })).metadata.name, "c");
    },
  },
  {
    name: "status, scale, eviction and token have doors of their own",
    async run({ kube, namespace }) {
      const pods = { group: "", version: "v1", resource: "pods", namespace };
      const pod = { ...pods, name: "p" };
      await kube.create(pods, {
        metadata: { name: "p" },
        spec: { containers: [{ name: "c", image: "i" }] },
      });
      const running = await kube.patchStatus(pod, {
        type: "merge",
        body: { status: { phase: "Running" } },
      });
      assert.deepEqual((running["status"] as { phase: string }).phase, "Running");
      await kube.evict({ namespace, name: "p" });
      await assert.rejects(kube.get(pod), isNotFound);
      const deployments = { group: "apps", version: "v1", resource: "deployments", namespace };
      await kube.create(deployments, deployment());
      const item = { ...deployments, name: "d" };
      // The deployment's controller writes to it as well.
      await retryOnConflict(async () => {
        const scale = await kube.getScale(item);
        const spec = { ...scale["spec"] as Record<string, unknown>, replicas: 2 };
        return await kube.updateScale(item, { ...scale, spec });
      }, { clock: systemClock });
      const scaled = await kube.get({ ...deployments, name: "d" });
      assert.equal((scaled["spec"] as { replicas: number }).replicas, 2);
      await kube.create({ group: "", version: "v1", resource: "serviceaccounts", namespace }, {
        metadata: { name: "robot" },
      });
      const { token, expirationTimestamp } = await kube.createToken(
        { namespace, name: "robot" },
        { expirationSeconds: 600 },
      );
      assert.ok(token.length > 10);
      assert.ok(Date.parse(expirationTimestamp) > Date.now());
    },
  },
];

function configMaps({ namespace }: Contract) {
  return { group: "", version: "v1", resource: "configmaps", namespace };
}

function containersOf(object: KubeObject): string[] {
  const { template } = object["spec"] as {
    readonly template: { readonly spec: { readonly containers: readonly { name: string }[] } };
  };
  return template.spec.containers.map(({ name }) => name);
}

function deployment() {
  return {
    metadata: { name: "d" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { a: "b" } },
      template: {
        metadata: { labels: { a: "b" } },
        spec: { containers: [{ name: "c", image: "i" }] },
      },
    },
  };
}

function definition(group: string) {
  return {
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "widgets", kind: "Widget" },
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
      }],
    },
  };
}
