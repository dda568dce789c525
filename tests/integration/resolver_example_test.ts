/** The example in the documentation of the gRPC library, run as it stands but for paths and credentials. */

import assert from "node:assert/strict";
import { publish, resolverCluster } from "#tests/support/resolver_cluster.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url);

/** A call with the example's client, and the end of the program. */
const CALL = `
import { ask } from "${new URL("tests/support/grpc_backend.ts", ROOT).href}";
console.log(await ask(client));
client.close();
`;

Deno.test("the client of docs/libraries/grpc-resolver.md calls a backend", async () => {
  const page = await Deno.readTextFile(new URL("docs/libraries/grpc-resolver.md", ROOT));
  const example = /```ts\n([^]*?)```/.exec(page)?.[1] ?? "";
  await using kube = await resolverCluster();
  const backend = await kube.backend("127.0.0.2");
  publish(kube.server, [backend]);
  await using dir = await tempDir();
  const kubeconfig = await dir.write("config", kube.server.kubeconfig());
  const door = (name: string) => JSON.stringify(new URL(`lib/grpc_resolver/${name}`, ROOT).href);
  const code = example
    .replace('"@kcfg/kcfg/grpc-resolver"', door("mod.ts"))
    .replace('"@kcfg/kcfg/grpc-resolver/deno"', door("deno.ts"))
    .replace("{ roundRobin }", "{ register, roundRobin }")
    .replace("{ registerInCluster }", "{ newClientFromKubeconfig }")
    .replace(
      "await registerInCluster({ grpc });",
      `await register({ grpc, client: await newClientFromKubeconfig(${
        JSON.stringify({ path: kubeconfig })
      }) });`,
    );
  const script = await dir.write("client.ts", code + CALL);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--check", "--config", new URL("deno.json", ROOT).pathname, script],
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(60_000),
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.equal(new TextDecoder().decode(stdout), `127.0.0.2:${backend.port}\n`);
});
