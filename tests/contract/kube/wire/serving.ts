/** Exchanges about the server itself: versions, discovery, custom resources, access. */

import assert from "node:assert/strict";
import { applyRbac, createToken } from "#tests/support/control_plane/harness.ts";
import { eventually } from "#tests/support/eventually.ts";
import type { Body, Wire, WireCase } from "./wire.ts";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** The cases of this file. */
export const servingCases: readonly WireCase[] = [
  {
    name: "version and health",
    async run(wire) {
      const { body } = await wire.get("/version");
      assert.match(body.major, /^\d+$/);
      assert.match(body.minor, /^\d+/);
      assert.match(body.gitVersion, /^v\d+\.\d+\.\d+/);
      for (const path of ["/healthz", "/livez", "/readyz"]) {
        assert.equal((await wire.get(path)).body, "ok");
      }
    },
  },
  {
    name: "legacy discovery",
    async run(wire) {
      assert.deepEqual((await wire.get("/api")).body.versions, ["v1"]);
      const core = (await wire.get("/api/v1")).body;
      assert.equal(core.kind, "APIResourceList");
      assert.deepEqual(describe(core.resources, "pods"), {
        namespaced: true,
        kind: "Pod",
        singularName: "pod",
        shortNames: ["po"],
      });
      assert.ok(core.resources.some(({ name }: Body) => name === "pods/log"));
      const groups = (await wire.get("/apis")).body;
      assert.equal(groups.kind, "APIGroupList");
      const apps = groups.groups.find(({ name }: Body) => name === "apps");
      assert.equal(apps.preferredVersion.groupVersion, "apps/v1");
      assert.equal((await wire.get("/apis/apps")).body.kind, "APIGroup");
      const deployments = (await wire.get("/apis/apps/v1")).body.resources;
      assert.equal(describe(deployments, "deployments")?.kind, "Deployment");
      assert.equal(describe(deployments, "deployments/scale")?.kind, "Scale");
    },
  },
  {
    name: "aggregated discovery",
    async run(wire) {
      for (const path of ["/api", "/apis"]) {
        const { body, contentType } = await wire.get(path, {
          headers: { accept: `${AGGREGATED},application/json` },
        });
        assert.equal(contentType, AGGREGATED);
        assert.equal(body.kind, "APIGroupDiscoveryList");
        const [group, resource] = path === "/api" ? ["", "configmaps"] : ["apps", "deployments"];
        const found = body.items.find((item: Body) => (item.metadata.name ?? "") === group);
        const type = found.versions[0].resources.find((type: Body) => type.resource === resource);
        assert.equal(type.scope, "Namespaced");
        assert.ok(type.verbs.includes("watch"));
        assert.equal(typeof type.responseKind.kind, "string");
      }
    },
  },
  {
    name: "custom resources",
    looseMessages: ["PATCH", "POST", "GET /apis"],
    async run(wire) {
      const group = `${wire.namespace}.example`;
      const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
      await wire.post(definitions, definition(group));
      try {
        await useWidgets(wire, group);
      } finally {
        await wire.delete(`${definitions}/widgets.${group}`);
      }
    },
  },
  {
    name: "wrong and missing credentials",
    async run(wire) {
      const path = wire.core("configmaps");
      const wrong = await wire.get(path, { as: { token: "wrong" } });
      assert.equal(`${wrong.status} ${wrong.body.reason}`, "401 Unauthorized");
      const none = await wire.get(path, { as: { token: undefined } });
      assert.equal(`${none.status} ${none.body.reason}`, "403 Forbidden");
      assert.match(none.body.message, /User "system:anonymous" cannot list resource "configmaps"/);
    },
  },
  {
    name: "a user without rights",
    needsNobody: true,
    async run(wire) {
      const { nobody } = wire.side;
      assert.ok(nobody);
      const as = { token: nobody.token };
      const list = await wire.get(wire.core("configmaps"), { as });
      assert.equal(`${list.status} ${list.body.reason}`, "403 Forbidden");
      assert.deepEqual(list.body.details, { kind: "configmaps" });
      assert.equal((await wire.get(wire.core("configmaps/x"), { as })).body.details.name, "x");
      await wire.get("/api/v1/configmaps", { as });
      await wire.get(`/apis/apps/v1/namespaces/${wire.namespace}/deployments`, { as });
      await wire.get(`/apis/apps/v1/namespaces/${wire.namespace}/deployments/d/scale`, { as });
      await wire.get("/metrics", { as });
      assert.equal((await wire.get("/version", { as })).status, 200);
      assert.equal((await wire.get("/apis", { as })).status, 200);
      const review = await wire.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
        spec: {
          resourceAttributes: { verb: "get", resource: "pods", namespace: wire.namespace },
        },
      }, { as });
      assert.equal(review.status, 201);
      assert.deepEqual(review.body.status, { allowed: false });
    },
  },
  {
    name: "impersonation: each header line is one value",
    async run(wire) {
      const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
      const { body } = await wire.post(path, {}, {
        headers: {
          "impersonate-user": "jane",
          "impersonate-uid": "u1",
          "impersonate-group": ["a", "b,c"],
          "impersonate-extra-scopes": ["s", "t"],
        },
      });
      assert.deepEqual(body.status.userInfo, {
        username: "jane",
        uid: "u1",
        groups: ["a", "b,c", "system:authenticated"],
        extra: { scopes: ["s", "t"] },
      });
      const as = { headers: { "impersonate-user": "jane" } };
      const list = await wire.get(wire.core("configmaps"), as);
      assert.match(list.body.message, /User "jane" cannot list/);
    },
  },
  {
    name: "impersonation that is refused",
    needsNobody: true,
    looseMessages: ["GET"],
    async run(wire) {
      const headers = { "impersonate-group": "x" };
      assert.equal((await wire.get(wire.core("configmaps"), { headers })).status, 400);
      assert.ok(wire.side.nobody);
      const { status } = await wire.get(wire.core("configmaps"), {
        headers: { "impersonate-user": "jane" },
        as: { token: wire.side.nobody.token },
      });
      assert.equal(status, 403);
    },
  },
  {
    name: "warnings about deprecated resources",
    async run(wire) {
      const { headers } = await wire.get(wire.core("endpoints"));
      assert.match(String(headers["warning"]), /^299 - "v1 Endpoints is deprecated in v1\.33\+/);
      assert.equal((await wire.get(wire.core("configmaps"))).headers["warning"], undefined);
    },
  },
  {
    name: "reviews",
    looseMessages: ["POST"],
    async run(wire) {
      const reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      const allowed = await wire.post(reviews, {
        spec: { resourceAttributes: { verb: "get", resource: "pods", namespace: "x" } },
      });
      assert.deepEqual(allowed.body.status, { allowed: true });
      assert.equal((await wire.post(reviews, { spec: {} })).status, 422);
      const path = "/apis/authentication.k8s.io/v1/tokenreviews";
      const { token } = wire.side.admin;
      if (token !== undefined) {
        const known = await wire.post(path, { spec: { token } });
        assert.ok(known.body.status.authenticated);
        assert.ok(known.body.status.user.groups.includes("system:authenticated"));
      }
      const unknown = await wire.post(path, { spec: { token: "wrong" } });
      assert.equal(unknown.body.status.authenticated, undefined);
    },
  },
  {
    name: "RBAC objects give a service account what they say and nothing else",
    async run(wire) {
      const { admin } = wire.side;
      const { namespace } = wire;
      await applyRbac(admin, rbac(namespace));
      const token = await createToken(admin, { namespace, name: "reader" });
      const as = { token };
      // The real authorizer reads RBAC objects through its own watches.
      await eventually(
        "the role is in effect",
        async () => (await wire.get(wire.core("configmaps"), { as })).status === 200,
        { withinMs: 4000 },
      );
      wire.notes.length = 0;
      assert.equal((await wire.get(wire.core("configmaps"), { as })).status, 200);
      const one = await wire.get(wire.core("secrets/only"), { as });
      assert.equal(one.status, 404, "allowed by name, and not there");
      const other = await wire.get(wire.core("secrets/other"), { as });
      assert.equal(other.status, 403);
      assert.match(
        other.body.message,
        new RegExp(`User "system:serviceaccount:${namespace}:reader" cannot get`),
      );
      assert.equal((await wire.get("/api/v1/configmaps", { as })).status, 403);
      assert.equal((await wire.delete(wire.core("configmaps/x"))).status, 404);
    },
  },
  {
    name: "tokens are for service accounts that are there",
    async run(wire) {
      const { status, body } = await wire.post(wire.core("serviceaccounts/none/token"), {
        spec: {},
      });
      assert.equal(`${status} ${body.reason}`, "404 NotFound");
    },
  },
];

async function useWidgets(wire: Wire, group: string): Promise<void> {
  const base = `/apis/${group}/v1/namespaces/${wire.namespace}/widgets`;
  // The real server needs a moment to serve a new definition.
  await eventually("widgets are served", async () => (await wire.get(base)).status === 200);
  wire.notes.length = 0;
  const typed = { apiVersion: `${group}/v1`, kind: "Widget" };
  const created = await wire.post(base, {
    ...typed,
    metadata: { name: "w" },
    spec: { n: 1 },
    status: { ok: true },
  });
  assert.equal(created.body.metadata.generation, 1);
  assert.equal(created.body.status, undefined);
  assert.equal((await wire.post(base, { metadata: { name: "x" } })).status, 400);
  const strategic = await wire.patch("strategic", `${base}/w`, { spec: { n: 2 } });
  assert.equal(`${strategic.status} ${strategic.body.reason}`, "415 UnsupportedMediaType");
  const merged = await wire.patch("merge", `${base}/w?fieldManager=kq`, { spec: { n: 2 } });
  assert.equal(merged.body.metadata.generation, 2);
  const status = await wire.patch("merge", `${base}/w/status`, {
    spec: { n: 3 },
    status: { ok: true },
  });
  assert.deepEqual([status.body.spec.n, status.body.status.ok], [2, true]);
  const conflict = await wire.patch("apply", `${base}/w?fieldManager=x`, {
    ...typed,
    metadata: { name: "w" },
    spec: { n: 5 },
  });
  assert.equal(conflict.body.details.causes[0].field, ".spec.n");
  const list = await wire.get(base);
  assert.equal(list.body.kind, "WidgetList");
  assert.equal(list.body.items[0].kind, "Widget");
  const unlocked = await wire.put(`${base}/w`, { ...typed, metadata: { name: "w" }, spec: {} });
  assert.equal(unlocked.status, 422, "a custom resource needs its resourceVersion");
  assert.equal((await wire.get(`${base}?fieldSelector=spec.n%3D1`)).status, 400);
  const beta = base.replace("/v1/", "/v1beta1/");
  const { body } = await wire.get(`${beta}/w`);
  assert.equal(body.apiVersion, `${group}/v1beta1`, "every version shows the same objects");
  const [event] = await wire.watch(`${beta}?watch=true`, 1);
  assert.equal(event?.object.apiVersion, `${group}/v1beta1`);
  assert.equal((await wire.delete(`${base}/w`)).body.details.group, group);
}

function definition(group: string): Body {
  return {
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", shortNames: ["wd"] },
      versions: ["v1", "v1beta1"].map((name) => ({
        name,
        served: true,
        storage: name === "v1",
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
      })),
    },
  };
}

function describe(resources: readonly Body[], wanted: string): Body {
  const found = resources.find(({ name }) => name === wanted);
  if (found === undefined) return undefined;
  const { namespaced, kind, singularName, shortNames } = found;
  return { namespaced, kind, singularName, shortNames };
}

function rbac(namespace: string): string {
  return `
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader, namespace: ${namespace} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader, namespace: ${namespace} }
rules:
- { apiGroups: [""], resources: [configmaps], verbs: [get, list, watch] }
- { apiGroups: [""], resources: [secrets], resourceNames: [only], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader, namespace: ${namespace} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects:
- { kind: ServiceAccount, name: reader, namespace: ${namespace} }
`;
}
