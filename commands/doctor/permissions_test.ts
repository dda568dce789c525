/** What the doctor is granted, by configuration. */

import assert from "node:assert/strict";
import { UsageError } from "#lib/cli/usage_error.ts";
import { kubeNeeds } from "#lib/kube/deno_permissions.ts";
import { fakePlatform } from "#tests/support/fake_platform.ts";
import { strictPermissionsOf } from "./permissions.ts";

function kubeconfig(cluster: object, user: object): string {
  return JSON.stringify({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster }],
    users: [{ name: "u", user }],
  });
}

Deno.test("strictPermissionsOf() names the server, its proxy, files and variables, and no program", async () => {
  const platform = fakePlatform({
    "/k/config": kubeconfig(
      {
        server: "https://[fd00::1]/prefix",
        "proxy-url": "socks5://proxy",
        "certificate-authority": "ca",
      },
      { tokenFile: "/k/token" },
    ),
    "/k/ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "/k/token": "secret",
  }, { KUBECONFIG: "/missing:/k/config" });
  const needs = await strictPermissionsOf({ kube: {} }, platform);
  assert.deepEqual(needs.net, ["[fd00::1]:443", "proxy:1080"]);
  const files = new Set(needs.read);
  for (const file of ["/missing", "/k/config", "/k/ca", "/k/token"]) {
    assert.ok(files.has(file), file);
  }
  assert.ok(needs.env?.includes("KUBECONFIG"));
  assert.equal(needs.run, undefined);
});

Deno.test("kubeNeeds() names the kubeconfigs that were found, and what they name", async () => {
  const platform = fakePlatform({
    "/k/config": kubeconfig({ server: "https://s", "certificate-authority": "ca" }, {
      tokenFile: "/k/token",
    }),
    "/k/ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  }, { KUBECONFIG: "/missing:/k/config" });
  const { net, read, run } = await kubeNeeds({}, platform);
  assert.deepEqual({ net, read, run }, {
    net: ["s:443"],
    read: ["/k/config", "/k/ca", "/k/token"],
    run: [],
  });
});

Deno.test("strictPermissionsOf() opens no host without a usable configuration", async () => {
  const needs = await strictPermissionsOf({ kube: { kubeconfig: "/none" } }, fakePlatform());
  assert.deepEqual(needs.net, []);
  assert.deepEqual(needs.read, ["/none"]);
});

Deno.test("strictPermissionsOf() refuses a credential plugin", async () => {
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "login",
    interactiveMode: "Never",
  };
  const platform = fakePlatform({ "/k": kubeconfig({ server: "https://s" }, { exec }) });
  await assert.rejects(
    strictPermissionsOf({ kube: { kubeconfig: "/k" } }, platform),
    (error) => error instanceof UsageError && /credential plugin "login"/.test(error.message),
  );
});
