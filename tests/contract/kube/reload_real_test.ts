/** `kcfg reload` on a real API server, with the rights it prints. */

import assert from "node:assert/strict";
import { controlPlane } from "#tests/support/control_plane.ts";
import {
  applyRbac,
  createToken,
  testNamespace,
  writer,
} from "#tests/support/control_plane/harness.ts";
import { plainRequest } from "#tests/support/control_plane/http.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKcfg } from "#tests/support/process.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const plane = await controlPlane();
const missing = "unavailable" in plane ? plane.unavailable : undefined;

Deno.test({
  name: `reload follows a ConfigMap of a real API server with the rights it prints${
    missing === undefined ? "" : ` (ignored: ${missing})`
  }`,
  ignore: missing !== undefined,
  async fn() {
    assert.ok(!("unavailable" in plane));
    const { admin } = plane;
    await using namespace = await testNamespace(admin);
    const configMaps = `/api/v1/namespaces/${namespace.name}/configmaps`;
    const write = writer(admin);
    await write("POST", configMaps, { metadata: { name: "app" }, data: { a: "1" } });
    await using dir = await tempDir();
    const root = `${dir.path}/config`;
    const objects = [
      ...[`--configmap=${namespace.name}/app`, `--configroot=${root}`, "--events"],
    ];
    await using printing = startKcfg(["reload", "--print-rbac", ...objects]);
    assert.equal(await printing.exitCode(), 0, printing.stderr());
    await applyRbac(admin, printing.stdout());
    const account = { namespace: namespace.name, name: "kcfg-reload" };
    await using kcfg = await startReload([
      ...[...objects, "--reload-command=true", "--kubeconfig=/dev/null"],
      ...["--server", plane.url, "--certificate-authority"],
      ...[await dir.write("ca.pem", admin.caPem ?? ""), "--token-file"],
      await dir.write("token", await createToken(admin, account)),
    ], { env: { POD_NAME: "app-0", POD_NAMESPACE: namespace.name } });
    await untilReady(kcfg);
    await write("PATCH", `${configMaps}/app`, { data: { a: null, b: "2" } });
    await eventually("the change is there", async () => {
      return (await Deno.readTextFile(`${root}/b`).catch(() => "")) === "2";
    });
    await eventually("the Event is there", async () => {
      const { text } = await plainRequest(admin, {
        path: `/api/v1/namespaces/${namespace.name}/events`,
      });
      return text.includes('"ConfigReloaded"') && text.includes('"component":"kcfg-reload"');
    });
    await write("DELETE", `${configMaps}/app`);
    await eventually("the deletion is told", () => kcfg.stderr().includes("was deleted"));
    assert.equal(await Deno.readTextFile(`${root}/b`), "2");
    await eventually("its Event is there", async () => {
      const { text } = await plainRequest(admin, {
        path: `/api/v1/namespaces/${namespace.name}/events`,
      });
      return text.includes('"ConfigSourceMissing"');
    });
  },
});
