/** The npm packages, packed and installed into a project of their own, under Node. */

import assert from "node:assert/strict";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { installPacked, nodeIsThere, runIn } from "#tests/support/node_project.ts";
import { slice } from "#tests/support/slices.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { buildNpmPackages } from "../../tools/build_npm.ts";

const PROGRAM = `
import { directorySource, FlagSet, setup } from "@kcfg/flags";
import { nodeDirectoryAccess } from "@kcfg/flags/node";
import { writeFile } from "node:fs/promises";

const flags = new FlagSet("shop");
const limit = flags.int("rate_limit", 100, "requests per second");
await setup(flags, directorySource(process.argv[2], { access: nodeDirectoryAccess }));
const changed = new Promise((resolve) => limit.onChange((before, after) => resolve([before, after])));
await writeFile(process.argv[2] + "/rate_limit", "7");
const [before, after] = await changed;
console.log(JSON.stringify({ before, after, deno: typeof Deno }));
process.exit(0);
`;

const hasNode = await nodeIsThere();

Deno.test({
  name: `the packed flags library follows a directory under Node${
    hasNode ? "" : " (no node here)"
  }`,
  ignore: !hasNode,
  async fn() {
    await using dir = await tempDir();
    const [folder = ""] = await buildNpmPackages(`${dir.path}/built`);
    await installPacked(dir.path, folder, "--offline");
    await dir.write("config/rate_limit", "5");
    await dir.write("program.js", PROGRAM);
    const answer = JSON.parse(await runIn(dir.path, "node", "program.js", `${dir.path}/config`));
    assert.deepEqual(answer, { before: 5, after: 7, deno: "undefined" });
  },
});

const RESOLVER_PROGRAM = `
import { parseTarget, resolveOnce, roundRobin } from "@kcfg/grpc-resolver";
import { newClientFromKubeconfig } from "@kcfg/grpc-resolver/node";

const client = await newClientFromKubeconfig({ path: process.argv[2] });
const { usable } = await resolveOnce("kubernetes:///web.prod:grpc", { client });
await client.close();
console.log(JSON.stringify({
  usable,
  canonical: parseTarget("kubernetes:///web.prod:grpc").canonical,
  proxy: roundRobin()["grpc.enable_http_proxy"],
  deno: typeof Deno,
}));
`;

Deno.test({
  name: `the packed resolver library reads slices under Node${hasNode ? "" : " (no node here)"}`,
  ignore: !hasNode,
  async fn() {
    await using dir = await tempDir();
    const [, folder = ""] = await buildNpmPackages(`${dir.path}/built`);
    await using server = await startKubeServer();
    server.put(slice("web-1", { endpoints: ["10.0.0.1"] }));
    server.put(slice("web-2", { endpoints: ["10.0.0.2"] }));
    const config = await dir.write("config", server.kubeconfig());
    // gRPC itself is the user's, and nothing is fetched here.
    await installPacked(dir.path, folder, "--offline", "--legacy-peer-deps");
    await dir.write("program.js", RESOLVER_PROGRAM);
    const answer = JSON.parse(await runIn(dir.path, "node", "program.js", config));
    assert.deepEqual(answer, {
      usable: 2,
      canonical: "kubernetes://prod/web:grpc",
      proxy: 0,
      deno: "undefined",
    });
  },
});
