/** The part of the client contract about rights: failures, access reviews, RBAC made from a declaration. */

import assert from "node:assert/strict";
import { isForbidden, isNotFound, isUnauthorized, ScopeError } from "#lib/kube/errors.ts";
import { createScope } from "#lib/kube/scope/client_scope.ts";
import type { ScopeDeclaration } from "#lib/kube/scope/declaration.ts";
import { renderRbac } from "#lib/kube/scope/rbac.ts";
import { applyRbac, createToken } from "#tests/support/control_plane/harness.ts";
import { eventually } from "#tests/support/eventually.ts";
import type { ContractCase } from "./contract.ts";

const READER: ScopeDeclaration = {
  rbac: [{
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: ["get", "list", "watch"],
    scope: "namespaced",
    why: "reads its configuration",
  }],
};

/** The cases of this file. */
export const permissionCases: readonly ContractCase[] = [
  {
    name: "a wrong token is Unauthorized, a user without rights Forbidden with the missing rule",
    needs: "nobody",
    async run({ connect, side, namespace }) {
      const ref = { group: "apps", version: "v1", resource: "deployments", namespace };
      const wrong = connect({ ...side.admin, token: "wrong" });
      await assert.rejects(wrong.list(ref), isUnauthorized);
      assert.ok(side.nobody);
      const nobody = connect(side.nobody);
      await assert.rejects(nobody.list(ref), (error) => {
        assert.ok(isForbidden(error));
        assert.match(error.message, /needs: apiGroup "apps", resource "deployments", verb "list"/);
        return true;
      });
      const reviews = await nobody.accessReview([{
        apiGroups: [""],
        resources: ["pods", "pods/log"],
        verbs: ["get"],
        namespace,
      }]);
      assert.deepEqual(reviews.map(({ allowed }) => allowed), [false, false]);
    },
  },
  {
    name: "accessReview() of the administrator",
    async run({ kube, namespace }) {
      const reviews = await kube.accessReview([{
        apiGroups: ["apps"],
        resources: ["deployments", "deployments/scale"],
        verbs: ["get", "update"],
        namespace,
      }]);
      assert.equal(reviews.length, 4);
      assert.ok(reviews.every(({ allowed }) => allowed));
    },
  },
  ...(["yaml", "json"] as const).map((format): ContractCase => ({
    name: `RBAC printed as ${format} grants what the declaration asks for and nothing else`,
    async run({ connect, kube, side, namespace }) {
      const printed = renderRbac(READER.rbac, { command: "test", namespaces: [namespace], format });
      await applyRbac(side.admin, printed, { dryRun: true });
      const account = { group: "", version: "v1", resource: "serviceaccounts", namespace };
      await assert.rejects(kube.get({ ...account, name: "kcfg-test" }), isNotFound);
      await applyRbac(side.admin, printed);
      const token = await createToken(side.admin, { namespace, name: "kcfg-test" });
      const endpoint = {
        ...side.admin,
        token,
        certificatePem: undefined,
        privateKeyPem: undefined,
      };
      const scoped = connect(endpoint, { scope: createScope(READER, { namespaces: [namespace] }) });
      const configMaps = { group: "", version: "v1", resource: "configmaps", namespace };
      // The real authorizer learns of new roles through a watch of its own.
      await eventually("the role is in effect", async () => {
        return await scoped.list(configMaps).then(() => true, (error) => !isForbidden(error));
      });
      await kube.create(configMaps, { metadata: { name: "a" } });
      assert.equal((await scoped.get({ ...configMaps, name: "a" })).metadata.name, "a");
      const informer = scoped.informer({ resource: configMaps });
      informer.start();
      await informer.synced;
      assert.ok(informer.get(namespace, "a") !== undefined);
      await informer.stop();
      const secrets = { ...configMaps, resource: "secrets" };
      await assert.rejects(scoped.list(secrets), ScopeError);
      await assert.rejects(scoped.delete({ ...configMaps, name: "a" }), ScopeError);
      // The same without the client's own fence: the server refuses as well.
      const unscoped = connect(endpoint);
      await assert.rejects(unscoped.list(secrets), isForbidden);
      await assert.rejects(unscoped.delete({ ...configMaps, name: "a" }), isForbidden);
      await assert.rejects(unscoped.list({ ...configMaps, namespace: undefined }), isForbidden);
      await assert.rejects(scoped.get({ ...configMaps, name: "none" }), isNotFound);
    },
  })),
];
