/** Processes that have ended and that their parent has not waited for. */

/** How many such children a process has. */
export async function zombieChildren(parent: number): Promise<number> {
  let count = 0;
  const children = await Deno.readTextFile(`/proc/${parent}/task/${parent}/children`);
  for (const pid of children.split(" ").filter((text) => text !== "")) {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
    if (/\) Z /.test(stat)) count += 1;
  }
  return count;
}
