/** What a strict sandbox grants for the way to the API server. */

import assert from "node:assert/strict";
import { fakePlatform } from "#tests/support/fake_platform.ts";
import { exactKubeNeeds } from "./deno_permissions.ts";

const CONFIG = JSON.stringify({
  "clusters": [{
    "name": "a",
    "cluster": { "server": "https://10.0.0.1", "certificate-authority": "/pki/ca.crt" },
  }],
  "contexts": [{ "name": "a", "context": { "cluster": "a" } }],
  "current-context": "a",
});

Deno.test("exactKubeNeeds() names what finding the server takes, and what tells whom to trust", async () => {
  const pem = "-----BEGIN CERTIFICATE-----\n";
  const platform = fakePlatform({ "/k": CONFIG, "/pki/ca.crt": pem });
  const needs = await exactKubeNeeds({ kubeconfig: "/k" }, platform);
  assert.deepEqual(needs.net, ["10.0.0.1:443"]);
  for (const file of ["/k", "/pki/ca.crt"]) assert.ok(needs.read.includes(file), file);
  for (const name of ["DENO_CERT", "DENO_TLS_CA_STORE", "NODE_EXTRA_CA_CERTS", "HTTPS_PROXY"]) {
    assert.ok(needs.env.includes(name), name);
  }
});

Deno.test("exactKubeNeeds() without a configuration has nobody to trust", async () => {
  const needs = await exactKubeNeeds({ kubeconfig: "/k" }, fakePlatform());
  assert.deepEqual([needs.net, needs.env], [[], []]);
});
