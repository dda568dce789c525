/**
 * `deno task bench:startup`: how long kcfg takes to start, as multiples of an empty program in the same run,
 * held to the budget of the house guide. Both run from JavaScript files, as the executable does.
 */

import { kubeletVolume } from "../tests/support/kubelet_volume.ts";
import { bundle } from "../tools/bundle.ts";
import { say } from "./processes.ts";
import { timeStarts, untilReady, wholeRun } from "./starts.ts";

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  /** Most multiples of the empty program's start. */
  readonly budget: number;
  /** Text on stderr that means ready; without it the end of the process counts. */
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
];

/** On volumes as the kubelet makes them: a plain directory is looked at twice, 50 ms apart, by reload. */
async function volumeCases(folder: string): Promise<readonly Case[]> {
  const flags = await kubeletVolume(`${folder}/flags`, {
    rate_limit: "250",
    timeout: "2s",
    features: "fast_index,gift_cards",
  });
  const files = await kubeletVolume(`${folder}/files`, { "a.conf": "1" });
  return [
    {
      name: "kcfg flags-watch, ready",
      args: [
        ...["flags-watch", "--schema=samples/flags/schema.json", `--config-dir=${flags.path}`],
        "--config-port=127.0.0.1:0",
      ],
      budget: 2,
      readyMark: '"ready"',
    },
    {
      name: "kcfg reload on a volume, ready",
      args: ["reload", `--volume-dir=${files.path}`, "--reload-action=none", "--log-format=json"],
      budget: 2,
      readyMark: '"ready"',
    },
  ];
}

async function main(): Promise<number> {
  const { entry } = await bundle();
  const folder = await Deno.makeTempDir({ prefix: "kcfg-bench-" });
  let broken = 0;
  try {
    say("start                          median ms   empty ms   ratio   budget");
    for (const { name, args, budget, readyMark } of [...CASES, ...await volumeCases(folder)]) {
      const words = [entry, ...args];
      const { ours, empty, ratio } = await timeStarts((cache) =>
        readyMark === undefined ? wholeRun(words, cache) : untilReady(words, cache, readyMark)
      );
      if (ratio > budget) broken += 1;
      say(
        `${name.padEnd(28)} ${ours.toFixed(1).padStart(11)} ${empty.toFixed(1).padStart(10)} ${
          ratio.toFixed(2).padStart(7)
        } ${budget.toFixed(1).padStart(8)}${ratio > budget ? "   over" : ""}`,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return broken === 0 ? 0 : 1;
}

Deno.exit(await main());
