/** What `/proc` tells of processes; only a process with all permissions may look. */

/** A process as far as it is needed here. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
}

/** All processes that can be seen, without the ones that vanish meanwhile. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const info = await processInfo(Number(name));
    if (info !== undefined) found.push(info);
  }
  return found;
}

/** State and parent of a process; `undefined` when it is gone. */
export async function processInfo(pid: number): Promise<ProcessInfo | undefined> {
  const stat = await readProc(`${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in parentheses may contain anything.
  const [state = "", parent = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { pid, parent: Number(parent), state };
}

/** A file below `/proc`; `undefined` when it is gone or may not be read. */
export async function readProc(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(`/proc/${path}`);
  } catch {
    // Processes come and go, and not all of them are ours to look at.
    return undefined;
  }
}

/** Program of a process: the name of its executable, else of its first argument. */
export async function programOf(pid: number): Promise<string> {
  try {
    return baseName(await Deno.readLink(`/proc/${pid}/exe`));
  } catch {
    // The link of another user's process cannot be read.
    return baseName((await readProc(`${pid}/cmdline`))?.split("\0")[0] ?? "");
  }
}

function baseName(path: string): string {
  return path.replace(/ \(deleted\)$/, "").slice(path.lastIndexOf("/") + 1);
}
