/**
 * `deno task bench:sandbox`: what `--sandbox=strict` costs serve-config, as a ratio to the default in the same
 * run. Both run from the bundle, as the executable does; memory is what the kernel counts when ready.
 */

import { bundle } from "../tools/bundle.ts";
import { median, rssMb as rssOf, runArgs, say } from "./processes.ts";

const ROUNDS = 25;

const SERVE = [
  "serve-config",
  "--backend=dir:samples",
  "--listen-addr=127.0.0.1:0",
  "--health-addr=127.0.0.1:0",
  "--metrics-addr=127.0.0.1:0",
  "--groupcache-port=:0",
  "--refresh=false",
];

const MODES = ["default", "strict"] as const;

interface Start {
  readonly tookMs: number;
  readonly rssMb: number;
}

async function startOnce(entry: string, mode: typeof MODES[number]): Promise<Start> {
  const startedAt = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: runArgs([entry, ...SERVE, `--sandbox=${mode}`]),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let text = "";
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes(" ready ")) break;
  }
  const tookMs = performance.now() - startedAt;
  const rssMb = rssOf(child.pid);
  child.kill("SIGKILL");
  await child.status;
  return { tookMs, rssMb };
}

const { entry } = await bundle();
const starts = { default: [] as Start[], strict: [] as Start[] };
// Alternating, so that a change of the machine's speed hits both.
for (let round = 0; round < ROUNDS; round++) {
  for (const mode of MODES) starts[mode].push(await startOnce(entry, mode));
}
const figures = MODES.map((mode) => ({
  mode,
  ms: median(starts[mode].map(({ tookMs }) => tookMs)),
  mb: median(starts[mode].map(({ rssMb }) => rssMb)),
}));
const [base] = figures;
say("sandbox    ready after ms   ratio   RSS MiB   ratio");
for (const { mode, ms, mb } of figures) {
  say(
    `${mode.padEnd(8)} ${ms.toFixed(1).padStart(16)} ${
      (ms / (base?.ms ?? NaN)).toFixed(2).padStart(7)
    } ${mb.toFixed(1).padStart(9)} ${(mb / (base?.mb ?? NaN)).toFixed(2).padStart(7)}`,
  );
}
