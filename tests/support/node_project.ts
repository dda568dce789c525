/** A scratch project for Node or Bun: packages from npm, a program, its output. */

import assert from "node:assert/strict";

/** Runs a program in a folder and gives what it printed; fails the test with its errors. */
export async function runIn(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd }).output();
  const decoder = new TextDecoder();
  assert.ok(success, `${command} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/**
 * Makes a project of modules in a folder and installs a package that is built in another one, as its users would:
 * from the packed file. `args` are further words for `npm install`.
 */
export async function installPacked(
  cwd: string,
  built: string,
  ...args: readonly string[]
): Promise<void> {
  const [{ filename }] = JSON.parse(
    await runIn(built, "npm", "pack", "--json", "--pack-destination", cwd),
  );
  await Deno.writeTextFile(`${cwd}/package.json`, '{ "type": "module", "private": true }');
  await runIn(cwd, "npm", "install", "--no-audit", "--no-fund", `./${filename}`, ...args);
}
