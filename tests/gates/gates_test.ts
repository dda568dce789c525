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
