/** The other runtimes that the libraries are for: Node from the machine, Bun from the machine or from npm. */

import { cacheDirectory } from "./control_plane/programs.ts";

/** A runtime, or why it is not there. */
export interface ScriptRuntime {
  readonly name: "Node" | "Bun";
  /** What to start; with `unavailable` nothing. */
  readonly command: string;
  /** For the name of an ignored test. */
  readonly unavailable?: string;
}

const OLDEST_NODE = 20;
/** The one place that names it. */
const BUN = "bun@1.4.5";

/** Both of them; the first time on a machine without Bun takes a few seconds and 100 MB of the user's cache. */
export function scriptRuntimes(): Promise<readonly ScriptRuntime[]> {
  return Promise.all([node(), bun()]);
}

/** Node, or why it is not there. */
export async function node(): Promise<ScriptRuntime> {
  const runtime = { name: "Node", command: "node" } as const;
  const version = await versionOf("node");
  if (version === undefined) return { ...runtime, unavailable: "no node" };
  const major = Number(/^v(\d+)/.exec(version)?.[1]);
  return major >= OLDEST_NODE
    ? runtime
    : { ...runtime, unavailable: `node ${major} is older than ${OLDEST_NODE}` };
}

/** What the name of a test ends in, so that nobody misses why it did not run. */
export function ignoredFor(unavailable: string | undefined): string {
  return unavailable === undefined ? "" : ` (ignored: ${unavailable})`;
}

async function bun(): Promise<ScriptRuntime> {
  const runtime = { name: "Bun", command: "bun" } as const;
  if (await versionOf("bun") !== undefined) return runtime;
  const cache = cacheDirectory((name) => Deno.env.get(name));
  if (cache === undefined) {
    return { ...runtime, unavailable: "neither XDG_CACHE_HOME nor HOME is set" };
  }
  const folder = `${cache}/kcfg/${BUN}`;
  const command = `${folder}/node_modules/.bin/bun`;
  await Deno.mkdir(folder, { recursive: true });
  // Suites run side by side; one of them installs.
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  const exclusive = true;
  await lock.lock(exclusive);
  if (await versionOf(command) !== undefined) return { ...runtime, command };
  const failure = await install(folder);
  return failure === undefined ? { ...runtime, command } : { ...runtime, unavailable: failure };
}

async function install(folder: string): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command("npm", {
      args: ["install", "--no-audit", "--no-fund", "--prefix", folder, BUN],
      stdin: "null",
    }).output();
    return success ? undefined : `npm install ${BUN}: ${new TextDecoder().decode(stderr).trim()}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "neither bun nor npm";
    throw error;
  }
}

async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args: ["--version"] }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
