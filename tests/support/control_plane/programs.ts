/**
 * Where the programs of a control plane come from: a folder of executables, the cached build of
 * `tests/controlplane`, or a fresh build. A build happens once per state of the sources, under a lock.
 */

const SOURCES = new URL("../../controlplane/", import.meta.url);
const SOURCE_FILES = ["go.mod", "go.sum", "main.go"] as const;

/** A program of the control plane. */
export type ProgramName = "etcd" | "kube-apiserver" | "kube-controller-manager" | "kubectl";

/** How each program is called. */
export interface Programs {
  /** Executable and the arguments that select the program, for `name`. */
  command(name: ProgramName): readonly [string, ...string[]];
  /** Whether there is a kube-controller-manager; kubebuilder's assets have none. */
  readonly hasControllerManager: boolean;
  /** Whether the programs end when their standard input does. */
  readonly endWithStdin: boolean;
  /** Short text on where they were found. */
  readonly origin: string;
}

/** Why there is no control plane on this machine. */
export interface Unavailable {
  readonly unavailable: string;
}

/** Environment read here, by name. */
export type ReadEnv = (name: string) => string | undefined;

/**
 * Finds the programs: `KUBEBUILDER_ASSETS`, then the cached build, then a build with `go` (some minutes,
 * told on `progress`). Never throws for a machine that lacks something; says what is missing instead.
 */
export async function findPrograms(
  { env, progress }: { readonly env: ReadEnv; readonly progress: (line: string) => void },
): Promise<Programs | Unavailable> {
  const assets = env("KUBEBUILDER_ASSETS");
  if (assets !== undefined && assets !== "") return await fromAssets(assets);
  const cache = cacheDirectory(env);
  if (cache === undefined) return { unavailable: "neither XDG_CACHE_HOME nor HOME is set" };
  const folder = `${cache}/kcfg/controlplane/${await sourcesHash()}`;
  const executable = `${folder}/controlplane`;
  if (await isFile(executable)) return built(executable);
  const go = await goVersion();
  if (go === undefined) {
    return { unavailable: "no KCFG_TEST_KUBE, no KUBEBUILDER_ASSETS, no cached build, no go" };
  }
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  progress(`control plane: building into ${folder} with ${go}, this takes some minutes once`);
  const exclusive = true;
  await lock.lock(exclusive);
  // Whoever held the lock before may have built it.
  if (await isFile(executable)) return built(executable);
  const failure = await build(executable);
  if (failure !== undefined) return { unavailable: `build failed: ${failure}` };
  progress("control plane: built");
  return built(executable);
}

function built(executable: string): Programs {
  return {
    command: (name) => [executable, name],
    hasControllerManager: true,
    endWithStdin: true,
    origin: executable,
  };
}

async function fromAssets(folder: string): Promise<Programs | Unavailable> {
  for (const name of ["etcd", "kube-apiserver"]) {
    if (!await isFile(`${folder}/${name}`)) {
      return { unavailable: `KUBEBUILDER_ASSETS has no ${name}: "${folder}"` };
    }
  }
  return {
    command: (name) => [`${folder}/${name}`],
    hasControllerManager: await isFile(`${folder}/kube-controller-manager`),
    endWithStdin: false,
    origin: folder,
  };
}

async function build(executable: string): Promise<string | undefined> {
  const partial = `${executable}.${Deno.pid}`;
  const { code, stderr } = await new Deno.Command("go", {
    args: ["build", "-trimpath", "-ldflags", await linkerFlags(), "-o", partial, "."],
    cwd: SOURCES,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) return new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "no reason";
  await Deno.rename(partial, executable);
  return undefined;
}

/** Without these flags the server calls itself v0.0.0-master. */
async function linkerFlags(): Promise<string> {
  const module = await Deno.readTextFile(new URL("go.mod", SOURCES));
  const version = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\S+)/.exec(module);
  if (version === null) {
    throw new SyntaxError("Cannot read go.mod: no version of k8s.io/kubernetes");
  }
  const [, full, major, minor] = version;
  const variable = "-X k8s.io/component-base/version.";
  return [
    "-s -w",
    `${variable}gitVersion=${full}`,
    `${variable}gitMajor=${major}`,
    `${variable}gitMinor=${minor}`,
  ].join(" ");
}

async function sourcesHash(): Promise<string> {
  const texts = await Promise.all(
    SOURCE_FILES.map((name) => Deno.readTextFile(new URL(name, SOURCES))),
  );
  const bytes = new TextEncoder().encode(texts.join("\0"));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function goVersion(): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("go", { args: ["version"], stderr: "null" })
      .output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Where builds of tests are kept between runs. */
export function cacheDirectory(env: ReadEnv): string | undefined {
  const base = env("XDG_CACHE_HOME");
  if (base !== undefined && base !== "") return base;
  const home = env("HOME");
  return home === undefined || home === "" ? undefined : `${home}/.cache`;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
