/** Where a configuration is found, how files merge, what flags override, what is an error. */

import assert from "node:assert/strict";
import { load as parseYaml } from "js-yaml";
import { fakePlatform } from "#tests/support/fake_platform.ts";
import { CapturedLog } from "#tests/support/log.ts";
import type { KubeConnection } from "./connection.ts";
import type { KubeFlags } from "./flags.ts";
import { loadKubeConnection } from "./load.ts";

const PEM = "-----BEGIN CERTIFICATE-----\n";
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const POD_FILES = {
  [`${SERVICE_ACCOUNT}/token`]: "pod-token\n",
  [`${SERVICE_ACCOUNT}/ca.crt`]: PEM,
  [`${SERVICE_ACCOUNT}/namespace`]: "pod-ns\n",
};
const POD_VARIABLES = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

interface Given {
  readonly files?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly flags?: KubeFlags;
  readonly log?: CapturedLog;
  readonly clock?: { now(): number };
}

function load({ files, env, flags = {}, log, clock }: Given): Promise<KubeConnection> {
  const platform = fakePlatform(files, env);
  const logger = log ?? new CapturedLog();
  return loadKubeConnection(flags, { platform, parseYaml, logger, clock });
}

/** A kubeconfig with one context of each name; `cluster` and `user` hold the fields. */
function kubeconfig(
  { cluster = {}, user = {}, name = "x", namespace }: {
    readonly cluster?: Record<string, unknown>;
    readonly user?: Record<string, unknown>;
    readonly name?: string;
    readonly namespace?: string;
  },
): string {
  return JSON.stringify({
    "current-context": name,
    clusters: [{ name, cluster: { server: "https://api:6443", ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
  });
}

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
      user: { token: "t", "client-certificate-data": btoa("c"), "client-key-data": btoa("k") },
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

Deno.test("loadKubeConnection() refuses what contradicts itself", async (t) => {
  const cases: [string, string, RegExp][] = [
    ["a missing context", JSON.stringify({ "current-context": "z" }), /context "z" does not exist/],
    [
      "a missing cluster",
      kubeconfig({}).replace('"cluster":"x"', '"cluster":"z"'),
      /cluster "z" does/,
    ],
    ["no server", kubeconfig({ cluster: { server: "" } }), /it has no server/],
    [
      "authority twice",
      kubeconfig({
        cluster: { "certificate-authority": "ca", "certificate-authority-data": "eA==" },
      }),
      /both "certificate-authority"/,
    ],
    [
      "authority and insecure",
      kubeconfig({
        cluster: { "certificate-authority-data": btoa(PEM), "insecure-skip-tls-verify": true },
      }),
      /insecure-skip-tls-verify/,
    ],
    [
      "a proxy of another scheme",
      kubeconfig({ cluster: { "proxy-url": "ftp://u:secret@x" } }),
      /proxy URL/,
    ],
    [
      "a certificate without key",
      kubeconfig({ user: { "client-certificate-data": "eA==" } }),
      /without its key/,
    ],
    [
      "an unreadable certificate",
      kubeconfig({ cluster: { "certificate-authority": "none" } }),
      /no such file/,
    ],
    [
      "token and password",
      kubeconfig({ user: { token: "secret", username: "u" } }),
      /more than one/,
    ],
    ["groups without user", kubeconfig({ user: { "as-groups": ["g"] } }), /without a user/],
    [
      "an auth provider",
      kubeconfig({ user: { "auth-provider": { name: "gcp" } } }),
      /"gcp".*exec plugin/,
    ],
    [
      "exec of v1alpha1",
      kubeconfig({
        user: { exec: { apiVersion: "client.authentication.k8s.io/v1alpha1", command: "c" } },
      }),
      /apiVersion/,
    ],
    [
      "exec v1 without a mode",
      kubeconfig({
        user: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "c" } },
      }),
      /interactiveMode/,
    ],
    [
      "a token that is no text",
      kubeconfig({ user: { token: { secret: 1 } } }),
      /"token" is no text/,
    ],
    ["broken base64", kubeconfig({ user: { "client-key-data": "secret!" } }), /not base64/],
    ["broken YAML", "a: [secret", /Cannot read the kubeconfig/],
    ["a path without scheme", kubeconfig({ cluster: { server: "host:1/p" } }), /no scheme/],
  ];
  for (const [name, config, message] of cases) {
    await t.step(name, async () => {
      await assert.rejects(
        load({ files: { "/k": config }, flags: { kubeconfig: "/k" } }),
        (error) => {
          assert.ok(error instanceof Error);
          assert.equal(error.name, "KubeConfigError");
          assert.match(error.message, message);
          assert.doesNotMatch(Deno.inspect(error), /secret/);
          return true;
        },
      );
    });
  }
  await t.step("a missing file given by the flag", async () => {
    await assert.rejects(load({ flags: { kubeconfig: "/none" } }), /"\/none": no such file/);
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

Deno.test("loadKubeConnection() shows no secret when it is printed", async () => {
  const user = { token: "very-secret", "client-key-data": btoa("very-secret") };
  const certificate = { "client-certificate-data": btoa(PEM) };
  const token = await load({
    files: { "/k": kubeconfig({ user: { ...user, ...certificate } }) },
    flags: { kubeconfig: "/k" },
  });
  const basic = await load({
    files: { "/k": kubeconfig({ user: { username: "u", password: "very-secret" } }) },
    flags: { kubeconfig: "/k" },
  });
  assert.equal(token.token?.text, "very-secret");
  assert.equal(basic.basic?.password, "very-secret");
  const plugin = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "c",
    args: ["--password", "very-secret"],
    env: [{ name: "PASSWORD", value: "very-secret" }],
    interactiveMode: "Never",
  };
  const extension = {
    name: "client.authentication.k8s.io/exec",
    extension: { key: "very-secret" },
  };
  const exec = await load({
    files: {
      "/k": kubeconfig({ cluster: { extensions: [extension] }, user: { exec: plugin } }),
    },
    flags: { kubeconfig: "/k" },
  });
  assert.deepEqual(exec.exec?.args, plugin.args);
  assert.deepEqual(exec.exec?.env, { PASSWORD: "very-secret" });
  const proxyUrl = "http://u:very-secret@p:1";
  const proxy = await load({
    files: { "/k": kubeconfig({ cluster: { "proxy-url": proxyUrl } }) },
    flags: { kubeconfig: "/k" },
  });
  assert.equal(proxy.proxyUrl, proxyUrl);
  const envProxy = await load({
    files: { "/k": kubeconfig({ cluster: { server: "https://api.corp" } }) },
    flags: { kubeconfig: "/k" },
    env: { HTTPS_PROXY: "very-secret@p:1" },
  });
  assert.equal(envProxy.proxyUrl, "http://very-secret@p:1");
  for (const connection of [token, basic, exec, exec.exec, proxy, envProxy]) {
    const shown = [
      Deno.inspect(connection, { depth: 10, showHidden: true, getters: false }),
      JSON.stringify(connection),
      String(connection),
    ];
    for (const text of shown) assert.doesNotMatch(text, /very-secret/);
  }
});

Deno.test("loadKubeConnection() takes a proxy from the environment with its exceptions", async (t) => {
  const files = { "/k": kubeconfig({ cluster: { server: "https://api.corp:6443" } }) };
  const cases: [string, Record<string, string>, string | undefined][] = [
    ["https", { HTTPS_PROXY: "http://p:1" }, "http://p:1"],
    ["lower case, no scheme", { https_proxy: "p:1" }, "http://p:1"],
    ["other protocol", { HTTP_PROXY: "http://p:1" }, undefined],
    ["everything excepted", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, undefined],
    ["domain excepted", { HTTPS_PROXY: "http://p:1", NO_PROXY: "x, .corp" }, undefined],
    ["port excepted", { HTTPS_PROXY: "http://p:1", no_proxy: "api.corp:6443" }, undefined],
    ["another port", { HTTPS_PROXY: "http://p:1", no_proxy: "api.corp:1" }, "http://p:1"],
    ["suffix of a name", { HTTPS_PROXY: "http://p:1", NO_PROXY: "i.corp" }, "http://p:1"],
  ];
  for (const [name, env, expected] of cases) {
    await t.step(name, async () => {
      const found = await load({ files, env, flags: { kubeconfig: "/k" } });
      assert.equal(found.proxyUrl, expected);
    });
  }
  await t.step("unusable", async () => {
    const env = { HTTPS_PROXY: "http://u:secret@no host" };
    await assert.rejects(load({ files, env, flags: { kubeconfig: "/k" } }), (error) => {
      assert.match(String(error), /^KubeConfigError: Cannot use the proxy URL/);
      assert.doesNotMatch(Deno.inspect(error), /secret/);
      return true;
    });
  });
  await t.step("network, loopback, flag", async () => {
    const env = { HTTPS_PROXY: "http://p:1", HTTP_PROXY: "http://p:1", NO_PROXY: "10.0.0.0/8" };
    const at = (server: string, flags: KubeFlags = {}) =>
      load({ env, flags: { server, ...flags } });
    assert.equal((await at("https://10.9.8.7")).proxyUrl, undefined);
    assert.equal((await at("https://11.9.8.7")).proxyUrl, "http://p:1");
    assert.equal((await at("https://127.0.0.1")).proxyUrl, undefined);
    assert.equal((await at("https://[::1]:1")).proxyUrl, undefined);
    assert.equal((await at("https://11.9.8.7", { noEnvProxy: true })).proxyUrl, undefined);
  });
});
