/** The doctor's rounds on the fake API server. */

import assert from "node:assert/strict";
import { resolveFlags } from "#lib/cli/resolve_flags.ts";
import { parseYaml } from "#lib/format/yaml.ts";
import { denoPlatform } from "#lib/kube/deno.ts";
import type { ScopeDeclaration } from "#lib/kube/mod.ts";
import { systemClock } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { examine } from "./examine.ts";
import { FLAGS, toOptions } from "./options.ts";
import { formatJson, formatText } from "./report.ts";
import type { DoctorReport } from "./report.ts";
import { scope } from "./scope.ts";

const PODS: ScopeDeclaration = {
  rbac: [{
    apiGroups: [""],
    resources: ["pods"],
    verbs: ["list", "watch"],
    scope: "namespaced",
    why: "follow pods",
  }],
};

async function examined(
  flags: Record<string, string>,
  { clock = systemClock, platform = denoPlatform() }: {
    clock?: Clock;
    platform?: ReturnType<typeof denoPlatform>;
  } = {},
): Promise<DoctorReport> {
  const resolved = resolveFlags(FLAGS, { flags, env: {}, command: "doctor" });
  const scanned = { flags: {}, positionals: [], passthrough: undefined };
  return await examine(toOptions(resolved, scanned), {
    platform,
    parseYaml: (text) => parseYaml(text),
    clock,
    log: new CapturedLog(),
    signal: new AbortController().signal,
    declarations: new Map([["doctor", scope], ["resolve", PODS]]),
  });
}

function findingOf({ findings }: DoctorReport, check: string) {
  const finding = findings.find((candidate) => candidate.check === check);
  assert.ok(finding, `no finding "${check}" in ${JSON.stringify(findings)}`);
  return finding;
}

async function kubeconfig(
  dir: { write(path: string, text: string): Promise<string> },
  text: string,
) {
  return await dir.write("config", text);
}

Deno.test("examine() tells configuration, server, identity, clock and expiry when all is well", async () => {
  await using dir = await tempDir();
  await using server = await startKubeServer({
    users: { t: { name: "jane", groups: ["system:masters"] } },
    tls: { notAfter: new Date("2049-01-01T00:00:00Z") },
  });
  const report = await examined({
    kubeconfig: await kubeconfig(dir, server.kubeconfig({ token: "t" })),
  });
  assert.equal(report.exitCode, 0, formatText(report));
  const agent = server.requests[0]?.headerLines.find(([name]) => name === "user-agent")?.[1];
  assert.match(agent ?? "", /^kcfg\/\d+\.\d+\.\d+ \(linux\/(amd|arm)64\) kcfg-doctor$/);
  assert.match(
    findingOf(report, "configuration").detail,
    /^context .*config.*token, namespace "default"$/,
  );
  assert.match(findingOf(report, "server").detail, /^Kubernetes v1\.\d+\.\d+, answers in \d+ ms$/);
  assert.match(findingOf(report, "identity").detail, /^jane in system:masters/);
  assert.equal(findingOf(report, "clock").status, "ok");
  assert.match(
    findingOf(report, "server certificate").detail,
    /^expires 2049-01-01T00:00:00Z, in \d+ days$/,
  );
});

Deno.test("examine() says that nothing was found, and what was tried", async () => {
  const report = await examined({ kubeconfig: "/nonexistent/config" });
  assert.equal(report.exitCode, 1);
  assert.match(findingOf(report, "configuration").detail, /\/nonexistent\/config.*no such file/);
});

Deno.test("examine() says what to do about a configuration that is wrong", async () => {
  await using dir = await tempDir();
  const hintOf = async (text: string) => {
    const report = await examined({ kubeconfig: await kubeconfig(dir, text) });
    assert.equal(report.exitCode, 1);
    return findingOf(report, "configuration").hint ?? "";
  };
  assert.match(await hintOf("{}"), /^name a file/);
  assert.match(await hintOf("current-context: gone"), /^mend what is named/);
});

Deno.test("examine() tells of credentials that cannot be had as such, and of the plugin", async () => {
  await using dir = await tempDir();
  await using server = await startKubeServer();
  const failing = async (user: Record<string, unknown>) => {
    const config = JSON.parse(server.kubeconfig({}));
    config.users = [{ name: config.contexts[0].context.user ?? "u", user }];
    config.contexts[0].context.user = config.users[0].name;
    const report = await examined({ kubeconfig: await kubeconfig(dir, JSON.stringify(config)) });
    assert.equal(report.exitCode, 1, formatText(report));
    return findingOf(report, "credentials");
  };
  const unreadable = await failing({ tokenFile: dir.path });
  assert.match(unreadable.detail, /^Cannot read the token file ".*": .*directory/);
  assert.match(unreadable.hint ?? "", /^look at the files/);
  const plugin = await failing({
    exec: {
      apiVersion: "client.authentication.k8s.io/v1",
      interactiveMode: "Never",
      command: "false",
    },
  });
  assert.match(plugin.detail, /"false": it ended with exit code 1$/);
  assert.match(plugin.hint ?? "", /run the plugin by itself/);
});

Deno.test("examine() ends with 6 when something else than Kubernetes answers", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("<html>sign in to the network</html>"),
  );
  const report = await examined({
    server: `http://127.0.0.1:${server.addr.port}`,
    kubeconfig: "/dev/null",
  });
  assert.equal(report.exitCode, 6, formatText(report));
  assert.match(findingOf(report, "server").detail, /^get \/version: the answer is not JSON/);
  assert.match(findingOf(report, "server").hint ?? "", /does not speak as Kubernetes/);
});

Deno.test("examine() waits for a silent server no longer than for a request", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr as Deno.NetAddr;
  const started = performance.now();
  const report = await examined({
    server: `https://127.0.0.1:${port}`,
    "request-timeout": "300ms",
    kubeconfig: "/dev/null",
  });
  assert.equal(report.exitCode, 6, formatText(report));
  assert.match(findingOf(report, "server").detail, /not answered within 300 ms$/);
  assert.ok(performance.now() - started < 3000);
});

Deno.test("examine() tells of the proxy and where it is from, without its password", async () => {
  const report = await examined({
    server: "https://kube.example:6443",
    "proxy-url": "http://me:hush@127.0.0.1:1/",
    token: "hush",
    kubeconfig: "/dev/null",
  });
  assert.equal(report.exitCode, 6);
  assert.match(
    findingOf(report, "configuration").detail,
    /, through the proxy http:\/\/127\.0\.0\.1:1 \(--proxy-url\), token, /,
  );
  assert.match(findingOf(report, "server").detail, /Cannot connect to the proxy 127\.0\.0\.1:1: /);
  assert.match(findingOf(report, "server").hint ?? "", /--proxy-url/);
  assert.ok(!formatText(report).includes("hush"));
});

Deno.test("examine() warns of credentials that are not sent and of a server nobody verifies", async () => {
  const plain = await examined({
    server: "http://127.0.0.1:1",
    token: "t",
    kubeconfig: "/dev/null",
  });
  assert.equal(findingOf(plain, "configuration").status, "warn");
  assert.match(findingOf(plain, "configuration").hint ?? "", /not sent/);
  await using server = await startKubeServer({
    tls: { notAfter: new Date("2049-01-01T00:00:00Z") },
  });
  const insecure = await examined({
    server: server.url,
    "insecure-skip-tls-verify": "true",
    kubeconfig: "/dev/null",
  });
  const finding = findingOf(insecure, "server certificate");
  assert.equal(finding.status, "warn");
  assert.match(finding.detail, /^not verified, expires 2049/);
});

Deno.test("examine() does not blame the trust for a certificate that is over, or a key that is another's", async () => {
  await using dir = await tempDir();
  await using over = await startKubeServer({
    tls: { notAfter: new Date("2020-01-01T00:00:00Z") },
  });
  const expired = await examined({ kubeconfig: await kubeconfig(dir, over.kubeconfig({})) });
  assert.equal(expired.exitCode, 6, formatText(expired));
  assert.equal(findingOf(expired, "server certificate").status, "fail");
  assert.equal(findingOf(expired, "server").hint, undefined);
  await using server = await startKubeServer();
  const authority = await createCertificateAuthority();
  const [one, other] = await Promise.all([
    authority.issue({ commonName: "one", usage: "client" }),
    authority.issue({ commonName: "other", usage: "client" }),
  ]);
  const mixed = await examined({
    kubeconfig: await kubeconfig(dir, server.kubeconfig({})),
    "client-certificate": await dir.write("c.pem", one.certificatePem),
    "client-key": await dir.write("k.pem", other.privateKeyPem),
  });
  assert.equal(mixed.exitCode, 6, formatText(mixed));
  assert.match(findingOf(mixed, "server").hint ?? "", /belong to the client certificate/);
});

Deno.test("examine() ends with 6 and a hint when the server cannot be reached", async () => {
  const report = await examined({ server: "http://127.0.0.1:1", kubeconfig: "/dev/null" });
  assert.equal(report.exitCode, 6, formatText(report));
  assert.match(findingOf(report, "server").hint ?? "", /address/);
});

Deno.test("examine() ends with 6 for a certificate that is not trusted, and still tells when it ends", async () => {
  await using dir = await tempDir();
  await using server = await startKubeServer();
  const other = await createCertificateAuthority();
  const ca = await dir.write("ca.pem", other.certificatePem);
  const report = await examined({
    server: server.url,
    "certificate-authority": ca,
    kubeconfig: "/dev/null",
  });
  assert.equal(report.exitCode, 6, formatText(report));
  assert.match(findingOf(report, "server").hint ?? "", /--certificate-authority/);
  findingOf(report, "server certificate");
});

Deno.test("examine() ends with 5 when the credentials are refused", async () => {
  await using dir = await tempDir();
  await using server = await startKubeServer({ users: { t: { name: "jane", groups: [] } } });
  const report = await examined({
    kubeconfig: await kubeconfig(dir, server.kubeconfig({ token: "wrong" })),
  });
  assert.equal(report.exitCode, 5, formatText(report));
  assert.match(findingOf(report, "identity").hint ?? "", /renew/);
  assert.ok(!formatText(report).includes("wrong"), "the token is not told");
});

Deno.test("examine() warns of a clock that is off", async () => {
  await using dir = await tempDir();
  await using server = await startKubeServer();
  const late: Clock = { ...systemClock, now: () => Date.now() - 90_000 };
  const report = await examined({ kubeconfig: await kubeconfig(dir, server.kubeconfig({})) }, {
    clock: late,
  });
  assert.match(findingOf(report, "clock").detail, /^(89|90|91) s behind the server's$/);
  assert.equal(report.exitCode, 0);
});

Deno.test("examine() reviews the rules of each command, and a denied one ends with 5", async () => {
  await using dir = await tempDir();
  await using server = await startKubeServer({
    users: {
      t: {
        name: "jane",
        groups: [],
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }],
      },
    },
  });
  const report = await examined({
    kubeconfig: await kubeconfig(dir, server.kubeconfig({ token: "t" })),
    "check-access": "true",
    namespace: "team-a\u001fteam-b",
  });
  const shown = report.access.filter(({ command }) => command === "resolve")
    .map(({ verb, namespace, allowed }) => `${verb} ${namespace} ${allowed}`);
  assert.deepEqual(shown, [
    "list team-a true",
    "watch team-a false",
    "list team-b true",
    "watch team-b false",
  ]);
  assert.equal(report.exitCode, 5);
  assert.match(formatText(report), /resolve +watch +pods +team-a +denied/);
  assert.ok(!JSON.parse(formatJson(report)).healthy);
});
