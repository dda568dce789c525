/**
 * Real programs from Debian packages for the tests of whole processes. Where CI is set they are installed by
 * `tests/run.ts`; anywhere else a test that lacks one is reported as ignored, with the package to install.
 */

/** Program that a test starts → the Debian package it comes from. The one list of what is installed. */
const PACKAGES = {
  "rabbitmq-server": "rabbitmq-server",
  "postgres": "postgresql",
  "prometheus": "prometheus",
  "nginx": "nginx-light",
  "ip": "iproute2",
  "chromium": "chromium",
} as const;

/** A program that can be asked for. */
export type DebianProgram = keyof typeof PACKAGES;

/** Where Debian puts programs, those outside the usual PATH of a user included. */
const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Path of a program, or why it is not there, for the name of an ignored test. */
export async function debianProgram(
  name: DebianProgram,
): Promise<{ readonly path: string } | { readonly unavailable: string }> {
  for (const folder of [...FOLDERS, ...await postgresFolders()]) {
    const path = `${folder}/${name}`;
    if (await isFile(path)) return { path };
  }
  return { unavailable: `no ${name}: apt-get install ${PACKAGES[name]}` };
}

/**
 * Installs what is missing, as root, without a question. What cannot be had is told on `progress` and left to
 * the tests, which say it again.
 */
export async function installDebianPackages(progress: (line: string) => void): Promise<void> {
  const names = Object.keys(PACKAGES) as DebianProgram[];
  const found = await Promise.all(names.map(debianProgram));
  const missing = names.filter((_, i) => found[i] !== undefined && "unavailable" in found[i]);
  if (missing.length === 0) return;
  const packages = missing.map((name) => PACKAGES[name]);
  progress(`installing ${packages.join(", ")}`);
  const failure = await aptGet(["update", "-qq"]) ??
    await aptGet(["install", "-y", "-qq", "--no-install-recommends", ...packages]);
  if (failure !== undefined) progress(`not installed: ${failure}`);
}

async function aptGet(args: readonly string[]): Promise<string | undefined> {
  const command = new Deno.Command("apt-get", {
    args: [...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  try {
    const { success, stderr } = await command.output();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no apt-get";
    throw error;
  }
}

/** Debian keeps PostgreSQL's server programs in a folder a release, outside any PATH. */
async function postgresFolders(): Promise<readonly string[]> {
  const base = "/usr/lib/postgresql";
  try {
    const releases = await Array.fromAsync(Deno.readDir(base), ({ name }) => name);
    return releases.sort().reverse().map((release) => `${base}/${release}/bin`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
