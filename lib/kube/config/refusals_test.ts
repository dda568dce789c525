/** Configurations that are wrong: each is refused by name, and no message or inspection shows a secret. */

import assert from "node:assert/strict";
import { kubeconfig, load, PEM } from "#tests/support/kubeconfig_fixture.ts";

Deno.test("loadKubeConnection() refuses what contradicts itself", async (t) => {
  const cases: [string, string, RegExp][] = [
    [
      "a missing context",
      JSON.stringify({ "current-context": "z" }),
      /context "z" does not exist, there is none/,
    ],
    [
      "a missing context among others",
      JSON.stringify({ "current-context": "z", contexts: [{ name: "y" }, { name: "x" }] }),
      /context "z" does not exist, there are x, y$/,
    ],
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
    [
      "a password that is no part of a URL",
      kubeconfig({ cluster: { "proxy-url": "http://u:secret%zz@x" } }),
      /of proxy-url: a percent sign/,
    ],
    [
      "a token of two lines",
      kubeconfig({ user: { token: "secret\n" } }),
      /Cannot use user "x" of "\/k": its token has a line break/,
    ],
    [
      "an authority that is none",
      kubeconfig({ cluster: { "certificate-authority-data": btoa("secret") } }),
      /certificate authority in the kubeconfig: no PEM/,
    ],
    [
      "an encrypted key",
      kubeconfig({
        user: {
          "client-certificate-data": btoa(PEM),
          "client-key-data": btoa("-----BEGIN ENCRYPTED PRIVATE KEY-----\nsecret\n"),
        },
      }),
      /client key in the kubeconfig: it is encrypted/,
    ],
    [
      "arguments of a plugin that are no list",
      kubeconfig({
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "c",
            args: "secret",
          },
        },
      }),
      /Cannot use exec of user "x" of "\/k": "args" is no list/,
    ],
    ["nothing in it", "{}", /--kubeconfig: file "\/k" has no context and no cluster/],
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

Deno.test("loadKubeConnection() shows no secret when it is printed", async () => {
  const user = { token: "very-secret", "client-key-data": btoa(`${PEM}very-secret`) };
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
