/**
 * A real Spring Cloud Config client (tests/integration/spring_client), built by Maven once per state of its
 * sources into the user's cache.
 */

import { cacheDirectory } from "#tests/support/control_plane/programs.ts";

const SOURCES = new URL("../integration/spring_client/", import.meta.url).pathname;
const FILES = [
  "pom.xml",
  "src/main/java/dev/kcfg/client/Client.java",
  "src/main/resources/application.properties",
];

/** The client, or why there is none, for the name of an ignored test. */
export type SpringClient =
  | {
    /** Starts the application with these arguments; what it bound, or its whole output when it failed. */
    run(...args: string[]): Promise<string>;
  }
  | { readonly unavailable: string };

/** Builds the client if need be; the first time on a machine takes a minute or two. */
export async function springClient(): Promise<SpringClient> {
  for (const program of ["java", "mvn"]) {
    if (!await isThere(program)) return { unavailable: `no ${program}` };
  }
  const cache = cacheDirectory((name) => Deno.env.get(name));
  if (cache === undefined) return { unavailable: "neither XDG_CACHE_HOME nor HOME is set" };
  const folder = `${cache}/kcfg/spring-client/${await sourcesHash()}`;
  const jar = `${folder}/target/spring-client-1.jar`;
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  const exclusive = true;
  await lock.lock(exclusive);
  if (!await isFile(jar)) {
    const failure = await build(folder);
    if (failure !== undefined) return { unavailable: `mvn package failed: ${failure}` };
  }
  return {
    async run(...args) {
      const { stdout } = await new Deno.Command("java", {
        args: ["-Xmx128m", "-jar", jar, ...args],
        stdin: "null",
        stderr: "inherit",
      }).output();
      const output = new TextDecoder().decode(stdout);
      return /^BOUND (.*)$/m.exec(output)?.[1] ?? output;
    },
  };
}

async function build(folder: string): Promise<string | undefined> {
  for (const file of FILES) {
    const target = `${folder}/${file}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(SOURCES + file, target);
  }
  const { success, stdout } = await new Deno.Command("mvn", {
    args: ["-q", "-B", "package"],
    cwd: folder,
    stdin: "null",
    stderr: "null",
  }).output();
  return success ? undefined : new TextDecoder().decode(stdout).trim().slice(0, 500);
}

async function sourcesHash(): Promise<string> {
  const texts = await Promise.all(FILES.map((file) => Deno.readTextFile(SOURCES + file)));
  const bytes = new TextEncoder().encode(texts.join("\0"));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 16);
}

async function isThere(program: string): Promise<boolean> {
  try {
    const command = new Deno.Command(program, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
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
