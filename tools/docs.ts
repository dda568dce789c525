/** `deno task docs`: writes a page for each command, and fails when that changed something. */

import { COMMANDS } from "../commands/mod.ts";
import { commandPage } from "../lib/cli/command_page.ts";
import { INSPECTION_FLAGS } from "../lib/cli/common_flags.ts";
import { writeFileAtomically } from "../lib/fs/atomic_write.ts";

const FOLDER = new URL("../docs/commands/", import.meta.url).pathname;

/** Writes every page and returns the names of those that were not up to date. */
export async function writeCommandPages(folder: string): Promise<readonly string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const changed: string[] = [];
  const expected = new Set<string>();
  for (const { load } of COMMANDS) {
    const { command } = await load();
    const name = `${command.name}.md`;
    expected.add(name);
    const page = commandPage(command, { ...command.flags, ...INSPECTION_FLAGS });
    const outcome = await writeFileAtomically(folder + name, new TextEncoder().encode(page), {
      sync: false,
    });
    if (outcome === "written") changed.push(name);
  }
  for await (const { name } of Deno.readDir(folder)) {
    if (expected.has(name)) continue;
    await Deno.remove(folder + name);
    changed.push(`${name} (removed)`);
  }
  return changed;
}

if (import.meta.main) {
  const changed = await writeCommandPages(FOLDER);
  const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  for (const name of changed) say(`docs/commands/${name} was not up to date; it is now, commit it`);
  Deno.exit(changed.length === 0 ? 0 : 1);
}
