/**
 * `deno task build:npm`: the portable libraries as npm packages below `dist/npm`: one module and one
 * declaration file per door, no dependency on Deno.
 */

const ROOT = new URL("..", import.meta.url).pathname;

interface NpmPackage {
  /** Name of its folder. */
  readonly folder: string;
  readonly name: string;
  readonly description: string;
  /** Export of the package → source of its door. */
  readonly doors: Readonly<Record<string, string>>;
  /** Packages that the user brings; only their types are used. */
  readonly peers?: Readonly<Record<string, string>>;
}

/** The packages. */
const PACKAGES: readonly NpmPackage[] = [
  {
    folder: "flags",
    name: "@kcfg/flags",
    description: "Typed, validated values that change while a program runs, driven by a ConfigMap",
    doors: { ".": "lib/flags/mod.ts", "./node": "lib/flags/node.ts" },
  },
  {
    folder: "grpc-resolver",
    name: "@kcfg/grpc-resolver",
    description:
      "Kubernetes name resolution for @grpc/grpc-js, driven by watches of EndpointSlices",
    doors: { ".": "lib/grpc_resolver/mod.ts", "./node": "lib/grpc_resolver/node.ts" },
    peers: { "@grpc/grpc-js": "^1.14.0" },
  },
];

/**
 * Builds every package, each in a folder of its own below `outDir`.
 *
 * @returns their folders
 * @throws {Error} with the bundler's output when it fails, or when the result knows Deno
 */
export async function buildNpmPackages(outDir = `${ROOT}dist/npm`): Promise<readonly string[]> {
  const { version, license } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const folders: string[] = [];
  for (const one of PACKAGES) {
    const folder = `${outDir}/${one.folder}`;
    await Deno.remove(folder, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    const exports: Record<string, { types: string; default: string }> = {};
    for (const [door, source] of Object.entries(one.doors)) {
      const stem = door === "." ? "index" : door.slice(2);
      await bundleDoor(source, `${folder}/${stem}.js`);
      const types = `./types/${source.replace(/\.ts$/, ".d.ts")}`;
      exports[door] = { types, default: `./${stem}.js` };
    }
    await writeDeclarations(Object.values(one.doors), `${folder}/types`);
    const manifest = {
      name: one.name,
      version,
      description: one.description,
      license,
      type: "module",
      exports,
      engines: { node: ">=20" },
      ...(one.peers === undefined ? {} : { peerDependencies: one.peers }),
    };
    await Deno.writeTextFile(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
    await Deno.copyFile(`${ROOT}LICENSE`, `${folder}/LICENSE`);
    folders.push(folder);
  }
  return folders;
}

async function bundleDoor(source: string, output: string): Promise<void> {
  // gRPC stays the program's own copy: the table of schemes lives inside it.
  const external = ["--external", "@grpc/grpc-js"];
  await deno("bundle", "--quiet", ...external, "--output", output, source);
  const code = await Deno.readTextFile(output);
  if (/\bDeno\./.test(code)) throw new Error(`Cannot publish ${source}: the bundle uses Deno`);
}

/** One declaration file per source file, with specifiers that TypeScript finds without our import map. */
async function writeDeclarations(sources: readonly string[], folder: string): Promise<void> {
  await deno("transpile", "--quiet", "--declaration", "--outdir", folder, ...sources);
  for await (const path of filesBelow(folder)) {
    if (!path.endsWith(".d.ts")) {
      await Deno.remove(path);
      continue;
    }
    const depth = path.slice(folder.length + 1).split("/").length - 1;
    const text = (await Deno.readTextFile(path))
      .replace(/^\/\/\/ <amd-module.*\n/gm, "")
      .replace(/"#(lib\/[^"]+)\.ts"/g, `"${"../".repeat(depth)}$1.js"`)
      .replace(/"(\.\.?\/[^"]+)\.ts"/g, '"$1.js"');
    await Deno.writeTextFile(path, text);
  }
}

async function* filesBelow(folder: string): AsyncIterable<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

async function deno(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}

if (import.meta.main) {
  for (const folder of await buildNpmPackages()) {
    Deno.stdout.writeSync(new TextEncoder().encode(`${folder}\n`));
  }
}
