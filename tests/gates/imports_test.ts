/** Who may load whom: what starts fast stays so, and imports go one way. */

import assert from "node:assert/strict";
import { circles, moduleGraph, staticImports } from "#tests/support/module_graph.ts";

Deno.test("no files import each other in a circle", async () => {
  const doors = ["kube", "flags", "grpc_resolver"].map((library) => `lib/${library}/mod.ts`);
  const graph = await moduleGraph("main.ts", ...doors);
  assert.ok(graph.size > 300, `${graph.size} files`);
  assert.deepEqual(circles(graph), []);
});

Deno.test("the Kubernetes client is loaded by no command that does not use it", async () => {
  const graph = await moduleGraph("main.ts");
  const starts = [
    ...["main.ts", "commands/serve-config/mod.ts", "commands/version/mod.ts"],
    // All that reload loads for a mounted volume until it is ready.
    ...["mod.ts", "permissions.ts", "app.ts", "create_sources.ts", "sources/volume_source.ts"]
      .map((name) => `commands/reload/${name}`),
    ...["actions/create_actions.ts", "actions/http_action.ts", "disk/symlink_layout.ts"]
      .map((name) => `commands/reload/${name}`),
  ];
  for (const start of starts) {
    const loaded = staticImports(graph, start);
    assert.ok(loaded.length > 1, start);
    const client = loaded.filter((path) =>
      path.startsWith("lib/kube/") && !path.startsWith("lib/kube/declarations/")
    );
    assert.deepEqual(client, [], start);
  }
});

Deno.test("a server of files without ring and bus loads neither", async () => {
  const graph = await moduleGraph("main.ts");
  for (const start of ["commands/serve-config/mod.ts", "commands/serve-config/app.ts"]) {
    const loaded = staticImports(graph, start);
    assert.ok(loaded.length > 1, start);
    const lazy =
      /^lib\/(?:kube\/|amqp\/subscription|http\/client_cert)|\/(?:peer_transport|pod_discovery|kube_reviewer)\.ts$/;
    assert.deepEqual(loaded.filter((path) => lazy.test(path)), [], start);
  }
});

Deno.test("the resolver's engine is loaded without gRPC", async () => {
  for (const start of ["lib/grpc_resolver/resolver.ts", "commands/resolve/run.ts"]) {
    const graph = await moduleGraph(start);
    const loaded = staticImports(graph, start);
    assert.ok(loaded.includes("lib/grpc_resolver/addresses.ts"), start);
    const withGrpc = loaded.filter((path) =>
      graph.get(path)?.some(({ target, when }) => when === "at once" && target.includes("@grpc/"))
    );
    assert.deepEqual(withGrpc, [], start);
  }
});
