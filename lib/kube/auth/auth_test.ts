/** Token files, exec plugins, certificate files: what is read when, and what a rejection causes. */

import assert from "node:assert/strict";
import { ManualClock, settle } from "#tests/support/clock.ts";
import { type FakePlatform, fakePlatform } from "#tests/support/fake_platform.ts";
import { CapturedLog } from "#tests/support/log.ts";
import type { ExecPlugin, KubeConnection } from "../config/connection.ts";
import { KubeAuthError } from "../errors.ts";
import { noKubeMetrics } from "../metrics.ts";
import { createAuthorization } from "./authorization.ts";
import { ExecCredentials, parseExecCredential } from "./exec_credentials.ts";
import { impersonationHeaders } from "./impersonation.ts";
import { TlsMaterial } from "./tls_material.ts";
import { type AuthDeps, TokenFile } from "./token_file.ts";

type Deps = AuthDeps & {
  readonly platform: FakePlatform;
  readonly clock: ManualClock;
  readonly logger: CapturedLog;
};

function depsOf(files: Record<string, string> = {}): Deps {
  return {
    platform: fakePlatform(files),
    clock: new ManualClock(),
    logger: new CapturedLog(),
    metrics: noKubeMetrics,
  };
}

Deno.test("TokenFile reads again after 50 s and after a rejection", async () => {
  const deps = depsOf({ "/t": " one\n" });
  const file = new TokenFile("/t", deps);
  assert.equal(await file.read(), "one");
  deps.platform.files.set("/t", "two");
  await deps.clock.advance(49_999);
  assert.equal(await file.read(), "one");
  await deps.clock.advance(1);
  assert.equal(await file.read(), "two");
  deps.platform.files.set("/t", "three");
  assert.equal(await file.read("old"), "two");
  assert.equal(await file.read("two"), "three");
});

Deno.test("TokenFile keeps its last token when the file cannot be read", async () => {
  const deps = depsOf();
  const file = new TokenFile("/t", deps);
  await assert.rejects(file.read(), KubeAuthError);
  deps.platform.files.set("/t", "\n");
  await assert.rejects(file.read(), /empty/);
  deps.platform.files.set("/t", "one");
  assert.equal(await file.read(), "one");
  deps.platform.files.set("/t", new Error("broken"));
  await deps.clock.advance(50_000);
  assert.equal(await file.read(), "one");
  assert.deepEqual(deps.logger.messages("warn"), ["token file unreadable, keeping the last token"]);
  deps.platform.files.set("/t", "two");
  assert.equal(await file.read(), "two");
});

Deno.test("createAuthorization() follows the order of sources", async () => {
  const server = "https://x";
  const ask = (config: Omit<KubeConnection, "server">, files = {}) =>
    createAuthorization({ config: { server, ...config } }, depsOf(files))?.();
  const basic = { username: "ü", password: "p" };
  assert.equal(await ask({ token: { text: "a", file: "/t" }, basic }), "Bearer a");
  assert.equal(await ask({ token: { text: "a", file: "/t" } }, { "/t": "b" }), "Bearer b");
  assert.equal(await ask({ basic }), "Basic w7w6cA==");
  assert.equal(ask({}), undefined);
});

Deno.test("createAuthorization() gives nothing to a plain http server", async () => {
  const config = { server: "http://x", token: { text: "a" } };
  assert.equal(createAuthorization({ config }, depsOf()), undefined);
  const allowed = { ...config, allowInsecureCredentials: true };
  assert.equal(await createAuthorization({ config: allowed }, depsOf())?.(), "Bearer a");
});

const PLUGIN: ExecPlugin = {
  apiVersion: "client.authentication.k8s.io/v1",
  command: "login",
  args: ["--now"],
  env: { K: "v" },
  interactiveMode: "IfAvailable",
  provideClusterInfo: false,
};

function credential(status: Record<string, unknown>, apiVersion = PLUGIN.apiVersion): string {
  return JSON.stringify({ apiVersion, kind: "ExecCredential", status });
}

interface ExecFixture extends Deps {
  readonly exec: ExecCredentials;
  readonly changes: () => number;
  /** Next outputs; the last one is repeated. */
  readonly outputs: string[];
}

function execFixture(outputs: string[], plugin: Partial<ExecPlugin> = {}): ExecFixture {
  const deps = depsOf();
  let changes = 0;
  deps.platform.program = async () => {
    await settle();
    const stdout = (outputs.length > 1 ? outputs.shift() : outputs[0]) ?? "";
    return { code: 0, stdout };
  };
  const config: KubeConnection = { server: "https://x", certificateAuthority: { text: "CA" } };
  const options = {
    plugin: { ...PLUGIN, ...plugin },
    config,
    onCertificateChange: () => void (changes += 1),
  };
  return { ...deps, outputs, exec: new ExecCredentials(options, deps), changes: () => changes };
}

Deno.test("ExecCredentials runs once for two requests, and again when it expires", async () => {
  const expirationTimestamp = new Date(1_700_000_060_000).toISOString();
  const fixture = execFixture([
    credential({ token: "a", expirationTimestamp }),
    credential({ token: "b" }),
  ]);
  const [first, second] = await Promise.all([fixture.exec.current(), fixture.exec.current()]);
  assert.equal(first.token, "a");
  assert.equal(second.token, "a");
  assert.equal(fixture.platform.runs.length, 1);
  await fixture.clock.advance(59_999);
  assert.equal((await fixture.exec.current()).token, "a");
  await fixture.clock.advance(1);
  assert.equal((await fixture.exec.current()).token, "b");
  assert.equal(fixture.platform.runs.length, 2);
  assert.equal(fixture.changes(), 0);
});

Deno.test("ExecCredentials runs once for parallel rejections of the same token", async () => {
  const fixture = execFixture([credential({ token: "a" }), credential({ token: "b" })]);
  const authorize = createAuthorization(
    { config: { server: "https://x" }, exec: fixture.exec },
    fixture,
  );
  assert.equal(await authorize?.(), "Bearer a");
  const both = await Promise.all([authorize?.("Bearer a"), authorize?.("Bearer a")]);
  assert.deepEqual(both, ["Bearer b", "Bearer b"]);
  // A late rejection of the old one takes the newer one without a run.
  assert.equal(await authorize?.("Bearer a"), "Bearer b");
  assert.equal(fixture.platform.runs.length, 2);
});

Deno.test("ExecCredentials tells of a new certificate", async () => {
  const pair = (n: string) =>
    credential({ clientCertificateData: `c${n}`, clientKeyData: `k${n}` });
  const fixture = execFixture([pair("1"), pair("2")]);
  assert.deepEqual(await fixture.exec.current(), {
    token: undefined,
    certificate: "c1",
    key: "k1",
    expiresAtMs: undefined,
  });
  assert.equal((await fixture.exec.current("")).certificate, "c2");
  assert.equal(fixture.changes(), 1);
});

Deno.test("ExecCredentials passes the protocol's information", async () => {
  const fixture = execFixture([credential({ token: "a" })], {
    provideClusterInfo: true,
    clusterConfig: { audience: "x" },
  });
  await fixture.exec.current();
  const [run] = fixture.platform.runs;
  assert.equal(run?.command, "login");
  assert.deepEqual(run?.options.args, ["--now"]);
  assert.ok(run !== undefined && !run.options.interactive);
  assert.equal(run?.options.env["K"], "v");
  assert.deepEqual(JSON.parse(run?.options.env["KUBERNETES_EXEC_INFO"] ?? ""), {
    apiVersion: PLUGIN.apiVersion,
    kind: "ExecCredential",
    spec: {
      interactive: false,
      cluster: {
        server: "https://x",
        "certificate-authority-data": btoa("CA"),
        config: { audience: "x" },
      },
    },
  });
});

Deno.test("ExecCredentials fails in words one can act on", async (t) => {
  const rejects = (fixture: ExecFixture, message: RegExp) =>
    assert.rejects(fixture.exec.current(), (error) => {
      assert.ok(error instanceof KubeAuthError);
      assert.match(error.message, message);
      assert.doesNotMatch(Deno.inspect(error), /hush/);
      return true;
    });
  await t.step("not found, with a hint ten times", async () => {
    const fixture = execFixture([""], { installHint: "get\u0007 it" });
    fixture.platform.program = () => Promise.resolve(undefined);
    for (let i = 0; i < 10; i++) await rejects(fixture, /no such program\nget it$/);
    await rejects(fixture, /no such program$/);
  });
  await t.step("exit code", async () => {
    const fixture = execFixture([""]);
    fixture.platform.program = () => Promise.resolve({ code: 3, stdout: "hush" });
    await rejects(fixture, /exit code 3/);
  });
  await t.step("wants a terminal", async () => {
    await rejects(execFixture([""], { interactiveMode: "Always" }), /no terminal/);
  });
  await t.step("a hint of several lines", async () => {
    const fixture = execFixture([""], { installHint: "get it\n\n  there\n" });
    fixture.platform.program = () => Promise.resolve(undefined);
    await rejects(fixture, /no such program\nget it there$/);
  });
  await t.step("no answer, and no end when told to", async () => {
    const fixture = execFixture([""]);
    const signals: AbortSignal[] = [];
    fixture.platform.program = (_, { signal }) => {
      if (signal !== undefined) signals.push(signal);
      return new Promise(() => {});
    };
    const failed = rejects(fixture, /no answer within 60000 ms/);
    await fixture.clock.advance(60_000);
    await failed;
    assert.deepEqual(signals.map(({ aborted }) => aborted), [true]);
  });
  await t.step("closed while it runs", async () => {
    const fixture = execFixture([""]);
    fixture.platform.program = () => new Promise(() => {});
    const failed = rejects(fixture, /the client was closed/);
    await Promise.resolve();
    fixture.exec.close();
    await failed;
    await rejects(fixture, /the client was closed/);
    assert.equal(fixture.clock.pendingTimers, 0);
  });
  for (
    const [name, output, message] of [
      ["no JSON", "hush", /not JSON/],
      ["another kind", '{"kind":"hush"}', /no ExecCredential/],
      ["another version", credential({ token: "hush" }, "v0"), /"v0"/],
      ["half a pair", credential({ clientKeyData: "hush" }), /only one/],
      ["nothing", credential({}), /neither/],
      ["a bad date", credential({ token: "hush", expirationTimestamp: "soon" }), /RFC 3339/],
    ] as const
  ) {
    await t.step(name, () => {
      assert.throws(() => parseExecCredential(output, PLUGIN), (error) => {
        assert.ok(error instanceof KubeAuthError);
        assert.match(error.message, message);
        assert.doesNotMatch(Deno.inspect(error), /hush/);
        return true;
      });
    });
  }
});

const PEM = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n`;

Deno.test("TlsMaterial notices changed files every five minutes and keeps good ones", async () => {
  const deps = depsOf({ "/ca": PEM("1"), "/cert": PEM("c"), "/key": PEM("k") });
  let changes = 0;
  const material = new TlsMaterial({
    config: {
      server: "https://x",
      certificateAuthority: { file: "/ca" },
      clientCertificate: { file: "/cert" },
      clientKey: { file: "/key" },
    },
    onChange: () => void (changes += 1),
  }, deps);
  const first = await material.current();
  assert.deepEqual([first.ca, first.cert, first.key], [PEM("1"), PEM("c"), PEM("k")]);
  await deps.clock.advance(300_000);
  assert.equal(changes, 0);
  deps.platform.files.set("/ca", PEM("2"));
  await deps.clock.advance(300_000);
  assert.equal(changes, 1);
  deps.platform.files.set("/ca", "no certificate");
  await deps.clock.advance(300_000);
  assert.equal(changes, 1);
  assert.equal((await material.current()).ca, PEM("2"));
  assert.ok(deps.logger.messages("warn").length > 0);
  material.close();
  assert.equal(deps.clock.pendingTimers, 0);
});

Deno.test("impersonationHeaders() has a line per group and escapes keys", () => {
  assert.deepEqual(
    impersonationHeaders({ user: "u", groups: ["a", "b"], extra: { "Ä/x%": ["1", "2"] } }),
    {
      "impersonate-user": "u",
      "impersonate-group": ["a", "b"],
      "impersonate-extra-%C3%A4%2Fx%25": ["1", "2"],
    },
  );
});
