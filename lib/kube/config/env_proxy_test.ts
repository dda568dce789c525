/** Proxies of the environment. */

import assert from "node:assert/strict";
import { kubeconfig, load } from "#tests/support/kubeconfig_fixture.ts";
import type { KubeFlags } from "./flags.ts";

Deno.test("loadKubeConnection() takes a proxy from the environment with its exceptions", async (t) => {
  const files = { "/k": kubeconfig({ cluster: { server: "https://api.corp:6443" } }) };
  const cases: [string, Record<string, string>, string | undefined][] = [
    ["https", { HTTPS_PROXY: "http://p:1" }, "http://p:1"],
    ["lower case, no scheme", { https_proxy: "p:1" }, "http://p:1"],
    ["other protocol", { HTTP_PROXY: "http://p:1" }, undefined],
    ["everything excepted", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, undefined],
    ["domain excepted", { HTTPS_PROXY: "http://p:1", NO_PROXY: "x, .corp" }, undefined],
    ["its subdomains alone", { HTTPS_PROXY: "http://p:1", NO_PROXY: ".api.corp" }, "http://p:1"],
    ["with a star", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*.corp" }, undefined],
    ["and itself", { HTTPS_PROXY: "http://p:1", NO_PROXY: "api.corp" }, undefined],
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
      assert.match(String(error), /^KubeConfigError: Cannot use the proxy URL of HTTPS_PROXY: it/);
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
    env.NO_PROXY = "fd00::/8, 2001:DB8:0::7, [2001:db8::8]:6443, 10.0.0.0/x, fd00::/129";
    assert.equal((await at("https://[fd12::3]:6443")).proxyUrl, undefined);
    assert.equal((await at("https://[fe80::3]:6443")).proxyUrl, "http://p:1");
    assert.equal((await at("https://[2001:db8::7]")).proxyUrl, undefined);
    assert.equal((await at("https://[2001:db8::8]:6443")).proxyUrl, undefined);
    assert.equal((await at("https://[2001:db8::8]:1")).proxyUrl, "http://p:1");
    assert.equal((await at("https://10.1.2.3")).proxyUrl, "http://p:1");
    assert.equal((await at("https://10.1.2.3")).proxyOrigin, "HTTPS_PROXY");
    assert.equal((await at("https://11.9.8.7", { noEnvProxy: true })).proxyUrl, undefined);
  });
});
