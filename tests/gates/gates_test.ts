/** What every commit must hold to, besides its tests: format, house rules, types, generated pages, pins. */

import assert from "node:assert/strict";

const ROOT = new URL("../..", import.meta.url).pathname;

async function deno(...args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, `deno ${args.join(" ")}:\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
}

Deno.test("every file is formatted", () => deno("fmt", "--check", "--quiet"));

Deno.test("every file follows the house rules", () => deno("lint", "--quiet"));

Deno.test("every file type-checks", () => deno("check", "--quiet", "."));

Deno.test("docs/commands is what the flag tables say", () =>
  deno("run", "-A", "--quiet", "tools/docs.ts"));

Deno.test("every place names the same version of Deno", async () => {
  const version = (await Deno.readTextFile(`${ROOT}.deno-version`)).trim();
  assert.equal(Deno.version.deno, version);
  for (const file of ["README.md", "CONTRIBUTING.md", "Dockerfile"]) {
    const text = await Deno.readTextFile(ROOT + file);
    const named = [...text.matchAll(/deno@(\d[\d.]*\d)|DENO_VERSION=(\S+)/g)];
    assert.ok(named.length > 0, `${file} names no version`);
    for (const match of named) assert.equal(match[1] ?? match[2], version, file);
  }
});

Deno.test("deno.json pins every package exactly", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  for (const [name, target] of Object.entries<string>(imports)) {
    if (name.startsWith("#")) continue;
    assert.match(target, /^npm:(@[\w-]+\/)?[\w.-]+@\d+\.\d+\.\d+$/, name);
  }
});

Deno.test("every symbol of the public doors is documented", () =>
  deno(
    "doc",
    "--lint",
    "lib/kube/mod.ts",
    "lib/flags/mod.ts",
    "lib/grpc_resolver/mod.ts",
    "lib/grpc_resolver/deno.ts",
    "lib/grpc_resolver/node.ts",
  ));

Deno.test("the Kubernetes client is loaded by no command that does not use it", async () => {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
  }).output();
  assert.ok(success);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: GraphModule[] };
  const starts = [
    ...["main.ts", "commands/serve-config/mod.ts", "commands/version/mod.ts"],
    // All that reload loads for a mounted volume until it is ready.
    ...["mod.ts", "permissions.ts", "app.ts", "create_sources.ts", "sources/volume_source.ts"]
      .map((name) => `commands/reload/${name}`),
    ...["actions/create_actions.ts", "actions/http_action.ts", "disk/symlink_layout.ts"]
      .map((name) => `commands/reload/${name}`),
  ];
  for (const start of starts) {
    const loaded = staticImports(modules, start);
    assert.ok(loaded.length > 1, start);
    const client = loaded.filter((path) =>
      path.startsWith("lib/kube/") && !path.startsWith("lib/kube/declarations/")
    );
    assert.deepEqual(client, [], start);
  }
});

Deno.test("a server of files without ring and bus loads neither", async () => {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
  }).output();
  assert.ok(success);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: GraphModule[] };
  for (const start of ["commands/serve-config/mod.ts", "commands/serve-config/app.ts"]) {
    const loaded = staticImports(modules, start);
    const lazy =
      /^lib\/(?:kube\/|amqp\/subscription|http\/client_cert)|\/(?:peer_transport|pod_discovery|kube_reviewer)\.ts$/;
    assert.deepEqual(loaded.filter((path) => lazy.test(path)), [], start);
  }
});

Deno.test("deploy/ grants what serve-config prints, and nothing else", async () => {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-prompt", "--quiet", "main.ts", "serve-config", "--backend=dir:/x"],
      ...["--peer-discovery=kubernetes", "--print-rbac", "--namespace=default"],
    ],
    cwd: ROOT,
    env: { KUBECONFIG: "/nonexistent" },
  }).output();
  assert.ok(success);
  assert.equal(
    await Deno.readTextFile(`${ROOT}deploy/kustomize/serve-config/rbac.yaml`),
    new TextDecoder().decode(stdout),
  );
});

Deno.test("the resolver's engine is loaded without gRPC", async () => {
  for (const start of ["lib/grpc_resolver/resolver.ts", "commands/resolve/run.ts"]) {
    const { success, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", start],
      cwd: ROOT,
    }).output();
    assert.ok(success);
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: GraphModule[] };
    const loaded = staticImports(modules, start);
    assert.ok(loaded.includes("lib/grpc_resolver/addresses.ts"), start);
    const withGrpc = modules.filter(({ specifier, dependencies = [] }) =>
      loaded.includes(specifier.slice(`file://${ROOT}`.length)) &&
      dependencies.some(({ code, isDynamic }) =>
        isDynamic !== true && code?.specifier?.includes("@grpc/grpc-js") === true
      )
    );
    assert.deepEqual(withGrpc.map(({ specifier }) => specifier), [], start);
  }
});

interface GraphModule {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** Paths, below the root, of what importing `start` loads at once. */
function staticImports(modules: readonly GraphModule[], start: string): string[] {
  const prefix = `file://${ROOT}`;
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const found = new Set([prefix + start]);
  for (const specifier of found) {
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (isDynamic !== true && code?.specifier !== undefined) found.add(code.specifier);
    }
  }
  return [...found].filter((specifier) => specifier.startsWith(prefix))
    .map((specifier) => specifier.slice(prefix.length));
}
