/** Where a configuration is found, how files merge, what flags override. */

import assert from "node:assert/strict";
import { CapturedLog } from "#tests/support/log.ts";
import { kubeconfig, load, PEM } from "#tests/support/kubeconfig_fixture.ts";
import type { KubeFlags } from "./flags.ts";

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const POD_FILES = {
  [`${SERVICE_ACCOUNT}/token`]: "pod-token\n",
  [`${SERVICE_ACCOUNT}/ca.crt`]: PEM,
  [`${SERVICE_ACCOUNT}/namespace`]: "pod-ns\n",
};
const POD_VARIABLES = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

Deno.test("loadKubeConnection() reads a YAML kubeconfig", async () => {
  const config = `
current-context: dev
clusters:
- name: c
  cluster:
    server: https://api.example:6443/prefix/
    certificate-authority: pki/ca.crt
    tls-server-name: api.internal
    proxy-url: socks5://proxy:1080
    unknown-field: 1
users:
- name: u
  user:
    tokenFile: /abs/token
    as: jane
    as-groups: [a, b]
    as-user-extra: { scopes: [x, y] }
contexts:
- name: dev
  context: { cluster: c, user: u, namespace: team }
`;
  const found = await load({
    files: { "/home/me/.kube/config": config, "/home/me/.kube/pki/ca.crt": PEM },
    env: { HOME: "/home/me" },
  });
  assert.equal(found.server, "https://api.example:6443/prefix");
  assert.deepEqual(found.certificateAuthority, { file: "/home/me/.kube/pki/ca.crt" });
  assert.equal(found.serverName, "api.internal");
  assert.equal(found.proxyUrl, "socks5://proxy:1080");
  assert.equal(found.token?.file, "/abs/token");
  assert.equal(found.namespace, "team");
  assert.equal(found.origin, 'context "dev" of "/home/me/.kube/config"');
  assert.deepEqual(found.impersonate, {
    user: "jane",
    uid: undefined,
    groups: ["a", "b"],
    extra: { scopes: ["x", "y"] },
  });
});

Deno.test("loadKubeConnection() merges KUBECONFIG, the first definition winning", async () => {
  const log = new CapturedLog();
  const files = {
    "/a": JSON.stringify({
      clusters: [{ name: "x", cluster: { server: "https://first" } }],
      contexts: [{ name: "x", context: { cluster: "x", user: "u" } }],
    }),
    "/d/c": JSON.stringify({
      "current-context": "x",
      clusters: [
        { name: "x", cluster: { server: "https://second", "tls-server-name": "never" } },
        { name: "y", cluster: { server: "https://y", "certificate-authority": "ca" } },
      ],
      contexts: [{ name: "y", context: { cluster: "y" } }],
      users: [{ name: "u", user: { token: "t" } }],
    }),
    "/d/ca": PEM,
  };
  const env = { KUBECONFIG: "/a::/missing:/d/c:/a" };
  const x = await load({ files, env, log });
  assert.equal(x.server, "https://first");
  assert.equal(x.serverName, undefined);
  assert.equal(x.token?.text, "t");
  const y = await load({ files, env, flags: { context: "y", namespace: "flag" } });
  assert.deepEqual(y.certificateAuthority, { file: "/d/ca" });
  assert.equal(y.token, undefined);
  assert.equal(y.namespace, "flag");
  assert.deepEqual(log.lines, []);
});

Deno.test("loadKubeConnection() finds the pod's own configuration", async (t) => {
  await t.step("without any kubeconfig", async () => {
    const found = await load({ files: POD_FILES, env: { ...POD_VARIABLES, HOME: "/root" } });
    assert.equal(found.server, "https://10.0.0.1");
    assert.equal(found.token?.file, `${SERVICE_ACCOUNT}/token`);
    assert.equal(found.namespace, "pod-ns");
    assert.equal(found.origin, "in-cluster");
  });
  await t.step("with an IPv6 host", async () => {
    const env = { KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "6443" };
    assert.equal((await load({ files: POD_FILES, env })).server, "https://[fd00::1]:6443");
  });
  await t.step("when the kubeconfig has no current context", async () => {
    const files = { ...POD_FILES, "/k": JSON.stringify({ contexts: [{ name: "a" }] }) };
    const found = await load({ files, env: { ...POD_VARIABLES, KUBECONFIG: "/k" } });
    assert.equal(found.origin, "in-cluster");
  });
  await t.step("not when it is left out", async () => {
    const deps = { files: POD_FILES, env: POD_VARIABLES, flags: { noInCluster: true } };
    await assert.rejects(load(deps), /in-cluster: left out by the flags/);
  });
  await t.step("not when the kubeconfig is invalid", async () => {
    const files = { ...POD_FILES, "/k": "clusters: 5" };
    await assert.rejects(load({ files, env: { ...POD_VARIABLES, KUBECONFIG: "/k" } }), /"\/k"/);
  });
  await t.step("with the flag alone", async () => {
    const files = { ...POD_FILES, "/k": kubeconfig({}) };
    const env = { ...POD_VARIABLES, KUBECONFIG: "/k" };
    assert.equal((await load({ files, env })).server, "https://api:6443");
    const forced = await load({ files, env, flags: { inCluster: true } });
    assert.equal(forced.server, "https://10.0.0.1");
    await assert.rejects(load({ files, flags: { inCluster: true } }), /KUBERNETES_SERVICE_HOST/);
  });
  await t.step("refusing an empty token or a missing authority", async () => {
    const noToken = { ...POD_FILES, [`${SERVICE_ACCOUNT}/token`]: "\n" };
    await assert.rejects(load({ files: noToken, env: POD_VARIABLES }), /is empty/);
    const noAuthority = { ...POD_FILES, [`${SERVICE_ACCOUNT}/ca.crt`]: "" };
    await assert.rejects(load({ files: noAuthority, env: POD_VARIABLES }), /--insecure-skip/);
    const flags = { insecureSkipTlsVerify: true };
    assert.ok((await load({ files: noAuthority, env: POD_VARIABLES, flags })).insecure);
  });
});

Deno.test("loadKubeConnection() lists what it tried", async () => {
  const files = { "/k": JSON.stringify({ contexts: [{ name: "b" }, { name: "a" }] }) };
  await assert.rejects(load({ files, env: { KUBECONFIG: "/none:/k" } }), {
    name: "KubeConfigError",
    message: [
      "no Kubernetes configuration found",
      'KUBECONFIG: no file "/none"',
      "kubeconfig: no current context, the contexts are a, b",
      "in-cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set",
    ].join("\n"),
  });
});

Deno.test("loadKubeConnection() takes flags over files", async (t) => {
  const files = {
    "/k": kubeconfig({
      cluster: { "certificate-authority-data": btoa(PEM), "tls-server-name": "n" },
      user: { token: "t", "client-certificate-data": btoa(PEM), "client-key-data": btoa(PEM) },
    }),
    "/ca": PEM,
    "/cert": PEM,
    "/key": PEM,
  };
  const flagged = (flags: KubeFlags) => load({ files, flags: { kubeconfig: "/k", ...flags } });
  await t.step("server drops the server name", async () => {
    const found = await flagged({ server: "https://other" });
    assert.equal(found.server, "https://other");
    assert.equal(found.serverName, undefined);
    const named = await flagged({ server: "https://other", tlsServerName: "m" });
    assert.equal(named.serverName, "m");
  });
  await t.step("trust", async () => {
    const ca = await flagged({ certificateAuthority: "/ca" });
    assert.deepEqual(ca.certificateAuthority, { file: "/ca" });
    const insecure = await flagged({ insecureSkipTlsVerify: true });
    assert.equal(insecure.certificateAuthority, undefined);
    assert.ok(insecure.insecure);
  });
  await t.step("identity", async () => {
    const found = await flagged({ token: "f", clientCertificate: "/cert", clientKey: "/key" });
    assert.equal(found.token?.text, "f");
    assert.equal(found.clientKey?.file, "/key");
    assert.equal(found.clientKey?.text, undefined);
  });
  await t.step("impersonation", async () => {
    const found = await flagged({ as: "u", asGroups: ["g"], asUserExtra: ["k=v=w", "k=x"] });
    assert.deepEqual(found.impersonate?.extra, { k: ["v=w", "x"] });
    await assert.rejects(flagged({ asGroups: ["g"] }), /without a user/);
  });
  await t.step("a server without any file", async () => {
    assert.equal(
      (await load({ flags: { server: "localhost:8080" } })).server,
      "http://localhost:8080",
    );
  });
});

Deno.test("loadKubeConnection() uses the token that an auth provider has left, while it is valid", async () => {
  const config = { "access-token": "secret", expiry: "2026-01-02T03:04:05Z" };
  const user = { "auth-provider": { name: "oidc", config } };
  const at = (now: string) =>
    load({
      files: { "/k": kubeconfig({ user }) },
      flags: { kubeconfig: "/k" },
      clock: { now: () => Date.parse(now) },
    });
  const found = await at("2026-01-02T03:04:04Z");
  assert.equal(found.token?.text, "secret");
  assert.doesNotMatch(Deno.inspect(found, { depth: 10, showHidden: true }), /secret/);
  await assert.rejects(at("2026-01-02T03:04:05Z"), (error) => {
    assert.match(String(error), /"oidc".*still valid.*exec plugin/);
    assert.doesNotMatch(Deno.inspect(error), /secret/);
    return true;
  });
});

Deno.test("loadKubeConnection() reads an exec plugin", async () => {
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "bin/login",
    args: ["a"],
    env: [{ name: "K", value: "v" }],
    provideClusterInfo: true,
  };
  const extensions = [{ name: "client.authentication.k8s.io/exec", extension: { audience: "x" } }];
  const files = { "/d/k": kubeconfig({ cluster: { extensions }, user: { exec } }) };
  const found = await load({ files, flags: { kubeconfig: "/d/k" } });
  assert.ok(found.exec !== undefined);
  const { args, env, clusterConfig, ...shown } = found.exec;
  assert.deepEqual({ args, env, clusterConfig }, {
    args: ["a"],
    env: { K: "v" },
    clusterConfig: { audience: "x" },
  });
  assert.deepEqual(shown, {
    apiVersion: exec.apiVersion,
    command: "/d/bin/login",
    interactiveMode: "IfAvailable",
    provideClusterInfo: true,
    installHint: undefined,
  });
});
