/** The declaration as a fence around the client, and as printed RBAC. */

import assert from "node:assert/strict";
import { loadAll } from "js-yaml";
import { ManualClock } from "#tests/support/clock.ts";
import { json, ScriptedTransport } from "#tests/support/scripted_transport.ts";
import { createKubeClient } from "../client.ts";
import type { KubeClient } from "../contract.ts";
import { ScopeError } from "../errors.ts";
import { createScope, type ScopeOptions } from "./client_scope.ts";
import { activeRules, type ScopeDeclaration, toAccessRules } from "./declaration.ts";
import { renderRbac } from "./rbac.ts";

const DECLARATION: ScopeDeclaration = {
  rbac: [
    {
      apiGroups: [""],
      resources: ["configmaps"],
      verbs: ["watch", "list"],
      scope: "namespaced",
      why: "follows sources",
    },
    {
      apiGroups: [""],
      resources: ["configmaps"],
      verbs: ["get"],
      scope: "namespaced",
      why: "reads one source",
    },
    {
      apiGroups: [""],
      resources: ["secrets"],
      resourceNames: ["only"],
      verbs: ["get", "list"],
      scope: "namespaced",
      when: "secrets",
      why: "reads a secret",
    },
    {
      apiGroups: ["events.k8s.io"],
      resources: ["events"],
      verbs: ["create"],
      scope: "namespaced",
      when: "events",
      optional: true,
      why: "tells what happened",
    },
    {
      apiGroups: [""],
      resources: ["nodes"],
      verbs: ["get"],
      scope: "cluster",
      when: "nodes",
      why: "finds its zone",
    },
  ],
  nonResourceURLs: ["/version", "/apis/*"],
};

const CONFIG_MAPS = { group: "", version: "v1", resource: "configmaps", namespace: "n" };
const SECRETS = { ...CONFIG_MAPS, resource: "secrets" };

function clientOf(options: ScopeOptions = {}) {
  const clock = new ManualClock();
  const transport = new ScriptedTransport(
    clock,
    () => json({ apiVersion: "v1", kind: "ConfigMapList", metadata: {}, items: [] }),
  );
  const scope = createScope(DECLARATION, options);
  return { client: createKubeClient({ transport, scope, clock }), transport };
}

Deno.test("createScope() lets through what is declared and nothing else", async (t) => {
  const active = new Set(["secrets"]);
  const cases: [string, boolean, (client: KubeClient) => Promise<unknown>][] = [
    ["a declared verb", true, (c) => c.list(CONFIG_MAPS)],
    ["another verb", false, (c) => c.create(CONFIG_MAPS, {})],
    ["apply needs patch", false, (c) => c.apply({ ...CONFIG_MAPS, name: "x" }, {})],
    ["a subresource", false, (c) => c.get({ ...CONFIG_MAPS, name: "x", subresource: "status" })],
    ["another group", false, (c) => c.list({ ...CONFIG_MAPS, group: "apps" })],
    ["a declared name", true, (c) => c.get({ ...SECRETS, name: "only" })],
    ["another name", false, (c) => c.get({ ...SECRETS, name: "other" })],
    ["a list without the name", false, (c) => c.list(SECRETS)],
    ["a list by the name", true, (c) => c.list(SECRETS, { fieldSelector: "metadata.name=only" })],
    [
      "an inactive rule",
      false,
      (c) => c.get({ group: "", version: "v1", resource: "nodes", name: "x" }),
    ],
    [
      "an inactive but optional rule",
      true,
      (c) => c.create({ ...CONFIG_MAPS, group: "events.k8s.io", resource: "events" }, {}),
    ],
    ["a path", true, (c) => c.serverVersion()],
    ["a path below a pattern", true, (c) => c.raw("GET", "/apis/x")],
    ["another path", false, (c) => c.raw("GET", "/metrics")],
    ["a raw resource", true, (c) => c.raw("GET", "/api/v1/namespaces/n/configmaps/x")],
    [
      "a raw resource of another verb",
      false,
      (c) => c.raw("DELETE", "/api/v1/namespaces/n/configmaps/x"),
    ],
    [
      "an access review",
      true,
      (c) => c.accessReview([{ apiGroups: [""], resources: ["x"], verbs: ["get"] }]),
    ],
  ];
  for (const [name, isAllowed, call] of cases) {
    await t.step(name, async () => {
      const { client, transport } = clientOf({ active });
      if (isAllowed) await call(client);
      else await assert.rejects(call(client), ScopeError);
      assert.equal(transport.requests.length, isAllowed ? 1 : 0);
    });
  }
});

Deno.test("createScope() keeps namespaced rules to the given namespaces", async () => {
  const { client } = clientOf({ namespaces: ["n"] });
  await client.list(CONFIG_MAPS);
  await assert.rejects(client.list({ ...CONFIG_MAPS, namespace: "m" }), ScopeError);
  await assert.rejects(client.list({ ...CONFIG_MAPS, namespace: undefined }), {
    name: "ScopeError",
    message: "Cannot list configmaps: outside the declared scope, needs " +
      'apiGroup "", resource "configmaps", verb "list"',
  });
});

Deno.test("createScope() refuses an informer when it is asked for", () => {
  const { client, transport } = clientOf();
  assert.throws(() => client.informer({ resource: SECRETS }), ScopeError);
  client.informer({ resource: CONFIG_MAPS });
  assert.equal(transport.requests.length, 0);
});

Deno.test("toAccessRules() asks for namespaced rules in each namespace", () => {
  const rules = toAccessRules(ACTIVE, ["a", "b"]);
  assert.deepEqual(rules.map(({ resources, namespace }) => `${resources} ${namespace}`), [
    "configmaps a",
    "configmaps b",
    "configmaps a",
    "configmaps b",
    "secrets a",
    "secrets b",
    "nodes undefined",
  ]);
});

const ACTIVE = activeRules(DECLARATION, new Set(["secrets", "nodes"]));

Deno.test("renderRbac() prints a role per namespace, byte for byte the same", () => {
  const options = { command: "reload", namespaces: ["a", "b"], format: "yaml" } as const;
  const text = renderRbac(ACTIVE, options);
  assert.equal(renderRbac(ACTIVE, options), text);
  assert.equal(
    text.split("---\n")[3],
    `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: kcfg-reload
  namespace: a
  labels:
    app.kubernetes.io/name: kcfg
    app.kubernetes.io/component: reload
rules:
  # follows sources
  # reads one source
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [get, list, watch]
  # reads a secret
  - apiGroups: [""]
    resources: [secrets]
    resourceNames: [only]
    verbs: [get, list]
`,
  );
  const kinds = (loadAll(text) as { kind: string; metadata: { namespace?: string } }[])
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? "-"}`);
  assert.deepEqual(kinds, [
    "ServiceAccount a",
    "ClusterRole -",
    "ClusterRoleBinding -",
    "Role a",
    "RoleBinding a",
    "Role b",
    "RoleBinding b",
  ]);
});

Deno.test("renderRbac() says the same in JSON, and binds an existing account", () => {
  const options = {
    command: "reload",
    namespaces: ["a"],
    clusterWide: true,
    serviceAccount: "sys:robot",
    name: "on",
  };
  const list = JSON.parse(renderRbac(ACTIVE, { ...options, format: "json" }));
  assert.deepEqual(list.items, loadAll(renderRbac(ACTIVE, { ...options, format: "yaml" })));
  assert.equal(list.items[0].kind, "ClusterRole");
  assert.deepEqual(list.items[1].roleRef, {
    apiGroup: "rbac.authorization.k8s.io",
    kind: "ClusterRole",
    name: "on",
  });
  assert.deepEqual(list.items[1].subjects, [
    { kind: "ServiceAccount", name: "robot", namespace: "sys" },
  ]);
});
