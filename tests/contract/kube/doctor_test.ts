/** `kcfg doctor` as a process on the real API server, and the demo on the embedded one. */

import assert from "node:assert/strict";
import { controlPlane } from "#tests/support/control_plane.ts";
import { applyRbac, createToken, testNamespace } from "#tests/support/control_plane/harness.ts";
import { runDemo, startKcfg } from "#tests/support/process.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const plane = await controlPlane();
const missing = "unavailable" in plane ? plane.unavailable : undefined;

async function doctor(kubeconfig: string, ...args: string[]) {
  await using kcfg = startKcfg(["doctor", "--kubeconfig", kubeconfig, "-o", "json", ...args]);
  const exitCode = await kcfg.exitCode();
  return { exitCode, report: JSON.parse(kcfg.stdout()), stderr: kcfg.stderr() };
}

Deno.test({
  name: `doctor finds a real API server well${
    missing === undefined ? "" : ` (ignored: ${missing})`
  }`,
  ignore: missing !== undefined,
  async fn() {
    assert.ok(!("unavailable" in plane));
    const { exitCode, report, stderr } = await doctor(plane.kubeconfigPath, "--check-access");
    assert.equal(exitCode, 0, JSON.stringify(report) + stderr);
    const details = Object.fromEntries(
      report.findings.map((
        finding: { check: string; detail: string },
      ) => [finding.check, finding.detail]),
    );
    assert.match(details.server, /^Kubernetes v1\./);
    assert.match(details.identity, /system:masters/);
    assert.match(details["server certificate"], /^expires 20/);
    assert.ok(report.access.every((review: { allowed: boolean }) => review.allowed));
  },
});

Deno.test({
  name: `doctor ends with 5 on a real API server that does not know the token${
    missing === undefined ? "" : ` (ignored: ${missing})`
  }`,
  ignore: missing !== undefined,
  async fn() {
    assert.ok(!("unavailable" in plane));
    await using dir = await tempDir();
    const ca = await dir.write("ca.pem", plane.admin.caPem ?? "");
    const { exitCode, report } = await doctor(
      "/dev/null",
      "--server",
      plane.url,
      "--certificate-authority",
      ca,
      "--token",
      "hunter2",
    );
    assert.equal(exitCode, 5, JSON.stringify(report));
    assert.ok(!JSON.stringify(report).includes("hunter2"));
  },
});

Deno.test({
  name: `doctor is content with the rights it prints${
    missing === undefined ? "" : ` (ignored: ${missing})`
  }`,
  ignore: missing !== undefined,
  async fn() {
    assert.ok(!("unavailable" in plane));
    await using namespace = await testNamespace(plane.admin);
    await using printing = startKcfg(["doctor", "--print-rbac", "-n", namespace.name]);
    assert.equal(await printing.exitCode(), 0);
    await applyRbac(plane.admin, printing.stdout());
    const account = { namespace: namespace.name, name: "kcfg-doctor" };
    const token = await createToken(plane.admin, account);
    await using dir = await tempDir();
    const { exitCode, report } = await doctor(
      "/dev/null",
      "--server",
      plane.url,
      "--certificate-authority",
      await dir.write("ca.pem", plane.admin.caPem ?? ""),
      "--token-file",
      await dir.write("token", token),
      "--check-access",
      "doctor",
    );
    assert.equal(exitCode, 0, JSON.stringify(report));
    const identity = report.findings.find(({ check }: { check: string }) => check === "identity");
    assert.match(identity.detail, /^system:serviceaccount:.*:kcfg-doctor/);
  },
});

Deno.test("doctor --print-rbac is for the namespace of the configuration", async () => {
  await using dir = await tempDir();
  const config = await dir.write(
    "config",
    JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", namespace: "team-a" } }],
      clusters: [{ name: "k", cluster: { server: "https://127.0.0.1:1" } }],
    }),
  );
  for (const sandbox of ["default", "strict"]) {
    await using kcfg = startKcfg([
      ...["doctor", "--print-rbac", "--kubeconfig", config, `--sandbox=${sandbox}`],
    ]);
    assert.equal(await kcfg.exitCode(), 0, kcfg.stderr());
    assert.equal(kcfg.stdout().match(/namespace: team-a/g)?.length, 2, kcfg.stdout());
  }
});

Deno.test("the doctor's demo ends well", async () => {
  const { code, stdout } = await runDemo("doctor");
  assert.equal(code, 0, stdout);
  assert.deepEqual([...stdout.matchAll(/exit status (\d)/g)].map((match) => match[1]), [
    "0",
    "5",
    "6",
  ]);
});
