/** A control group with a limit of memory, as the kubelet makes one for a container. Needs root. */

/** Another way to start a program: the words for it. */
export type Wrap = (
  program: string,
  args: readonly string[],
) => { readonly program: string; readonly args: string[] };

/** A group; programs join it by the words they are started with. */
export interface MemoryGroup extends AsyncDisposable {
  readonly join: Wrap;
  /** Processes that the kernel ended because the group was over its limit. */
  kills(): number;
  /** MiB that the kernel cannot take back by reading them again: all but files. */
  anonymousMb(): number;
}

interface Names {
  readonly root: string;
  readonly limit: string;
  readonly kills: readonly [file: string, line: RegExp];
  readonly anonymous: RegExp;
}

/** Version 2 of the kernel's interface, then version 1. */
const VERSIONS: readonly Names[] = [
  {
    root: "/sys/fs/cgroup",
    limit: "memory.max",
    kills: ["memory.events", /^oom_kill (\d+)$/m],
    anonymous: /^anon (\d+)$/m,
  },
  {
    root: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    kills: ["memory.oom_control", /^oom_kill (\d+)$/m],
    anonymous: /^total_rss (\d+)$/m,
  },
];

/** Makes one; `undefined` where this machine does not let us. */
export function memoryGroup(limitBytes: number): MemoryGroup | undefined {
  for (const names of VERSIONS) {
    const path = `${names.root}/kcfg-bench-${Deno.pid}`;
    try {
      Deno.mkdirSync(path);
    } catch {
      continue;
    }
    try {
      // The kernel makes the file where there is such a controller.
      Deno.writeTextFileSync(`${path}/${names.limit}`, String(limitBytes), { create: false });
      return groupAt(path, names);
    } catch {
      Deno.removeSync(path);
    }
  }
  return undefined;
}

function groupAt(path: string, { kills, anonymous }: Names): MemoryGroup {
  const numberIn = (file: string, line: RegExp) =>
    Number(line.exec(Deno.readTextFileSync(`${path}/${file}`))?.[1] ?? NaN);
  return {
    join: (program, args) => ({
      program: "sh",
      args: ["-c", `echo $$ > ${path}/cgroup.procs && exec "$0" "$@"`, program, ...args],
    }),
    kills: () => numberIn(...kills),
    anonymousMb: () => numberIn("memory.stat", anonymous) / 1024 / 1024,
    async [Symbol.asyncDispose]() {
      // The last process is gone for the group a little later than for whoever waits for it.
      for (let tries = 0; tries < 100; tries++) {
        const isGone = await Deno.remove(path).then(() => true, () => false);
        if (isGone) return;
        await new Promise<void>((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}
