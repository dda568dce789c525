/**
 * `deno task bench:startup`: how long kcfg takes to start, as multiples of an empty program in the same run,
 * held to the budget of the house guide. Both run from JavaScript files, as the executable does.
 */

import { kubeletVolume } from "../tests/support/kubelet_volume.ts";
import { bundle } from "../tools/bundle.ts";

const RUN = ["run", "-A", "--no-prompt", "--quiet"];
const ROUNDS = 15;

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  /** Most multiples of the empty program's start. */
  readonly budget: number;
  /** Line on stderr that means ready; without it the end of the process counts. */
  readonly readyMark?: string;
}

const LOCAL = [
  "--listen-addr=127.0.0.1:0",
  "--health-addr=127.0.0.1:0",
  "--metrics-addr=127.0.0.1:0",
  "--groupcache-port=:0",
  "--refresh=false",
];

const CASES: readonly Case[] = [
  { name: "kcfg --help", args: ["--help"], budget: 1.5 },
  { name: "kcfg version", args: ["version"], budget: 2 },
  {
    name: "kcfg serve-config, ready",
    args: ["serve-config", "--backend=dir:samples", ...LOCAL],
    budget: 3,
    readyMark: " ready ",
  },
  {
    name: "kcfg flags-watch, ready",
    args: [
      "flags-watch",
      "--schema=samples/flags/schema.json",
      "--config-dir=samples/flags",
      "--unknown=ignore",
      "--config-port=127.0.0.1:0",
    ],
    budget: 2,
    readyMark: '"ready"',
  },
];

/** On a volume as the kubelet makes it: a plain directory is looked at twice, 50 ms apart. */
function reloadCase(volume: string): Case {
  return {
    name: "kcfg reload on a volume, ready",
    args: ["reload", `--volume-dir=${volume}`, "--reload-action=none", "--log-format=json"],
    budget: 2,
    readyMark: '"ready"',
  };
}

async function timeStart(entry: string, { args, readyMark }: Pick<Case, "args" | "readyMark">) {
  const startedAt = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [...RUN, entry, ...args],
    stdin: "null",
    stdout: "null",
    stderr: readyMark === undefined ? "null" : "piped",
  }).spawn();
  if (readyMark === undefined) {
    await child.status;
    return performance.now() - startedAt;
  }
  let text = "";
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes(readyMark)) break;
  }
  const tookMs = performance.now() - startedAt;
  child.kill("SIGKILL");
  await child.status;
  return tookMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

async function main(): Promise<number> {
  const { entry } = await bundle();
  const empty = await Deno.makeTempFile({ suffix: ".js" });
  const say = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  const folder = await Deno.makeTempDir({ prefix: "kcfg-bench-" });
  let broken = 0;
  try {
    say("start                          median ms   empty ms   ratio   budget");
    const volume = await kubeletVolume(folder, { "a.conf": "1" });
    for (const one of [...CASES, reloadCase(volume.path)]) {
      const ours: number[] = [];
      const bare: number[] = [];
      // Alternating, so that a change of the machine's speed hits both.
      for (let round = 0; round < ROUNDS; round++) {
        bare.push(await timeStart(empty, { args: [] }));
        ours.push(await timeStart(entry, one));
      }
      const ratio = median(ours) / median(bare);
      if (ratio > one.budget) broken += 1;
      say(
        `${one.name.padEnd(28)} ${median(ours).toFixed(1).padStart(11)} ${
          median(bare).toFixed(1).padStart(10)
        } ${ratio.toFixed(2).padStart(7)} ${one.budget.toFixed(1).padStart(8)}${
          ratio > one.budget ? "   over" : ""
        }`,
      );
    }
  } finally {
    await Deno.remove(empty);
    await Deno.remove(folder, { recursive: true });
  }
  return broken === 0 ? 0 : 1;
}

Deno.exit(await main());
