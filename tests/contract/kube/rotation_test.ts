/** A pod's credentials as they rotate under a running client: authority and token, on real sockets and files. */

import assert from "node:assert/strict";
import { createKubeClient } from "#lib/kube/client.ts";
import type { KubeConnection } from "#lib/kube/config/connection.ts";
import { denoPlatform } from "#lib/kube/deno.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { type KubeServer, startKubeServer } from "#tests/support/kube_server.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const CONFIG_MAPS = { group: "", version: "v1", resource: "configmaps", namespace: "default" };
const POD = { name: "system:serviceaccount:default:pod", groups: ["system:masters"] };

function put(server: KubeServer, name: string): void {
  server.put({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } });
}

function clientOf(config: KubeConnection) {
  const client = createKubeClient({ scope: unrestricted(), platform: denoPlatform(), config });
  return { client, [Symbol.asyncDispose]: () => client.close() };
}

for (const how of ["swap", "in place"] as const) {
  Deno.test(`client follows a new authority and a new token, written by ${how}`, async () => {
    await using dir = await tempDir();
    const before = await startKubeServer({ users: { old: POD } });
    put(before, "a");
    const volume = await kubeletVolume(dir.path, { "ca.crt": before.caPem, token: "old\n" });
    await using fixture = clientOf({
      server: before.url,
      certificateAuthority: { file: `${volume.path}/ca.crt` },
      token: { file: `${volume.path}/token` },
    });
    const { client } = fixture;
    const informer = client.informer({ resource: CONFIG_MAPS });
    informer.start();
    await informer.synced;
    const { port } = before;
    await before[Symbol.asyncDispose]();
    // Its own authority, the old token is nobody's, and the old versions mean nothing to it.
    await using after = await startKubeServer({
      ...{ port, users: { new: POD } },
      firstResourceVersion: 50_000,
    });
    assert.notEqual(after.caPem, before.caPem);
    put(after, "b");
    if (how === "swap") await volume.swap({ "ca.crt": after.caPem, token: "new\n" });
    else {
      await Deno.writeTextFile(`${volume.path}/token`, "new\n");
      await Deno.writeTextFile(`${volume.path}/ca.crt`, after.caPem);
    }
    await eventually("the new server's object is there", () => informer.get("default", "b"));
    assert.equal(informer.get("default", "a"), undefined);
  });
}

Deno.test("client trusts no other authority than the file's, however long it waits", async () => {
  await using dir = await tempDir();
  await using server = await startKubeServer({ users: { old: POD } });
  await using other = await startKubeServer({ users: { old: POD } });
  const file = await dir.write("ca.crt", other.caPem);
  await using fixture = clientOf({
    server: server.url,
    certificateAuthority: { file },
    token: { text: "old" },
  });
  const { client } = fixture;
  await assert.rejects(client.list(CONFIG_MAPS, { timeoutMs: 5000 }), /certificate/i);
  assert.equal(server.requests.length, 0, "no token left the process");
  await Deno.writeTextFile(file, server.caPem);
  assert.equal((await client.list(CONFIG_MAPS)).items.length, 0);
});
