/** The manifests in `deploy/reload`: their command lines are accepted, their rights are what `--print-rbac` prints. */

import assert from "node:assert/strict";
import { loadAll } from "js-yaml";
import { startKcfg } from "#tests/support/process.ts";

const FOLDER = new URL("../../../deploy/reload/", import.meta.url);

interface Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** Arguments and variables of a container; those that the cluster fills in are words of some kind. */
interface CommandLine {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function commandLine(name: string): Promise<CommandLine> {
  const text = await Deno.readTextFile(new URL(`${name}.yaml`, FOLDER));
  for (const document of loadAll(text) as Record<string, never>[]) {
    const spec = (document as {
      spec?: { template?: { spec?: Record<string, readonly Container[]> } };
    }).spec?.template?.spec;
    const containers = [...spec?.["initContainers"] ?? [], ...spec?.["containers"] ?? []];
    for (const { command = [], args = [], env = [] } of containers) {
      const words = [...command, ...args];
      const at = words.indexOf("reload");
      if (at < 0) continue;
      return {
        args: words.slice(at),
        env: Object.fromEntries(env.map((one) => [one.name, one.value ?? "word"])),
      };
    }
  }
  throw new Error(`${name}.yaml has no kcfg`);
}

for (const name of ["postgresql", "prometheus", "nginx", "grafana"]) {
  Deno.test(`deploy/reload/${name}.yaml is a command line that kcfg accepts`, async () => {
    const { args, env } = await commandLine(name);
    const end = args.indexOf("--");
    const own = end < 0 ? args : args.slice(0, end);
    const child = end < 0 ? [] : args.slice(end);
    await using kcfg = startKcfg([...own, "--print-permissions", ...child], { env });
    assert.equal(await kcfg.exitCode(), 0, kcfg.stderr());
  });
}

for (const name of ["postgresql", "prometheus", "grafana"]) {
  Deno.test(`deploy/reload/${name}-rbac.yaml is what --print-rbac prints`, async () => {
    const { args, env } = await commandLine(name);
    const end = args.indexOf("--");
    const own = end < 0 ? args : args.slice(0, end);
    await using kcfg = startKcfg([...own, "--print-rbac", "--reload-action=none"], { env });
    assert.equal(await kcfg.exitCode(), 0, kcfg.stderr());
    const saved = await Deno.readTextFile(new URL(`${name}-rbac.yaml`, FOLDER));
    assert.deepEqual(loadAll(kcfg.stdout()), loadAll(saved));
  });
}
