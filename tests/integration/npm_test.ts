/** The npm packages, packed and installed into a project of their own, under Node and under Bun. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startBackend } from "#tests/support/grpc_backend.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { installPacked, runIn } from "#tests/support/node_project.ts";
import { ignoredFor, scriptRuntimes } from "#tests/support/script_runtimes.ts";
import { slice } from "#tests/support/slices.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { buildNpmPackages } from "../../tools/build_npm.ts";

const FLAGS_PROGRAM = `
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

/** Ends by itself, though the directory is followed. */
const UNREF_PROGRAM = `
import { directorySource, FlagSet, setup } from "@kcfg/flags";
import { nodeDirectoryAccess } from "@kcfg/flags/node";

const flags = new FlagSet();
const limit = flags.int("rate_limit", 100);
await setup(flags, directorySource(process.argv[2], { access: nodeDirectoryAccess }), { unref: true });
console.log(limit.value);
`;

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

/** Calls until two servers have answered, and ends by itself once channel and client are closed. */
const GRPC_PROGRAM = `
import * as grpc from "@grpc/grpc-js";
import { register, roundRobin } from "@kcfg/grpc-resolver";
import { newClientFromKubeconfig } from "@kcfg/grpc-resolver/node";

const kube = await newClientFromKubeconfig({ path: process.argv[2] });
register({ grpc, client: kube });
const target = "kubernetes:///web.prod:grpc";
const client = new grpc.Client(target, grpc.credentials.createInsecure(), roundRobin());
const ask = () =>
  new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      "/test.Who/Ask",
      (text) => Buffer.from(text),
      (bytes) => bytes.toString(),
      "who",
      new grpc.Metadata(),
      { deadline: Date.now() + 5000 },
      (error, answer) => error ? reject(error) : resolve(answer),
    )
  );
const answers = new Set();
while (answers.size < 2) answers.add(await ask());
client.close();
await kube.close();
console.log(JSON.stringify([...answers]));
`;

// Once for all tests here: it takes seconds.
const outDir = await Deno.makeTempDir({ prefix: "kcfg-npm-" });
globalThis.addEventListener("unload", () => Deno.removeSync(outDir, { recursive: true }));
const [flagsPackage = "", resolverPackage = ""] = await buildNpmPackages(outDir);

for (const { name, command, unavailable } of await scriptRuntimes()) {
  const ignore = unavailable !== undefined;
  const under = `under ${name}${ignoredFor(unavailable)}`;

  Deno.test({
    name: `the packed flags library follows a directory ${under}`,
    ignore,
    async fn() {
      await using dir = await tempDir();
      await installPacked(dir.path, flagsPackage, "--offline");
      await dir.write("config/rate_limit", "5");
      await dir.write("program.js", FLAGS_PROGRAM);
      const output = await runIn(dir.path, command, "program.js", `${dir.path}/config`);
      assert.deepEqual(JSON.parse(output), { before: 5, after: 7, deno: "undefined" });
      await dir.write("unref.js", UNREF_PROGRAM);
      const args = ["4", command, "unref.js", `${dir.path}/config`];
      assert.equal(await runIn(dir.path, "timeout", ...args), "7\n");
    },
  });

  Deno.test({
    name: `the packed resolver library reads slices ${under}`,
    ignore,
    async fn() {
      await using dir = await tempDir();
      await using server = await startKubeServer();
      server.put(slice("web-1", { endpoints: ["10.0.0.1"] }));
      server.put(slice("web-2", { endpoints: ["10.0.0.2"] }));
      const config = await dir.write("config", server.kubeconfig());
      // gRPC itself is the user's, and nothing is fetched here.
      await installPacked(dir.path, resolverPackage, "--offline", "--legacy-peer-deps");
      await dir.write("program.js", RESOLVER_PROGRAM);
      const answer = JSON.parse(await runIn(dir.path, command, "program.js", config));
      assert.deepEqual(answer, {
        usable: 2,
        canonical: "kubernetes://prod/web:grpc",
        proxy: 0,
        deno: "undefined",
      });
    },
  });

  Deno.test({
    name: `gRPC of npm finds servers, and those that replace them, by the packed library ${under}`,
    ignore,
    async fn() {
      await using dir = await tempDir();
      await using server = await startKubeServer();
      const [first, second] = [await startBackend("127.0.0.1"), await startBackend("127.0.0.1")];
      const at = (port: number) =>
        slice("web", {
          endpoints: ["127.0.0.1"],
          ports: [{ name: "grpc", port, protocol: "TCP" }],
        });
      server.put(at(first.port));
      const config = await dir.write("config", server.kubeconfig());
      // npm brings the package's peer, gRPC.
      await installPacked(dir.path, resolverPackage);
      await dir.write("program.js", GRPC_PROGRAM);
      const running = runIn(dir.path, command, "program.js", config);
      await Promise.race([eventually("the first server is asked", () => first.calls > 0), running]);
      server.put(at(second.port));
      assert.deepEqual(JSON.parse(await running), [
        `127.0.0.1:${first.port}`,
        `127.0.0.1:${second.port}`,
      ]);
      for (const backend of [first, second]) backend.kill();
    },
  });
}
