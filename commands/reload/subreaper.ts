/** Whether orphans of this process's descendants become its children, as those of a container become PID 1's. */

import { libcName } from "./libc.ts";

const PR_GET_CHILD_SUBREAPER = 37;

/** Asks the kernel; where that may not be asked, we are none for all that can be done about it. */
export function isSubreaper(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    const libc = Deno.dlopen(libcName(), {
      prctl: { parameters: ["i32", "buffer", "usize", "usize", "usize"], result: "i32" },
    });
    const answer = new Int32Array(1);
    const code = libc.symbols.prctl(PR_GET_CHILD_SUBREAPER, answer, 0n, 0n, 0n);
    libc.close();
    return code === 0 && answer[0] === 1;
  } catch {
    // No right to call the C library, or none that is known.
    return false;
  }
}
