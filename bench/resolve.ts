/**
 * `deno task bench:resolve`: how soon a change of a slice reaches a channel, beside a bare watch loop in the same run;
 * what merging, many channels, watching and starting cost. Prints lines; judges nothing. What needs a real API server
 * is left out without `KCFG_TEST_KUBE`, a kubeconfig. Arguments name parts: latency, merge, storm, memory, start,
 * and `outage`, which takes three minutes with a control plane of its own and runs only when named.
 */

import { bundle } from "../tools/bundle.ts";
import { say } from "./processes.ts";
import { latency } from "./resolve/latency.ts";
import { memory } from "./resolve/memory.ts";
import { merge } from "./resolve/merge.ts";
import { outage } from "./resolve/outage.ts";
import { start } from "./resolve/start.ts";
import { storm } from "./resolve/storm.ts";

type Part = (how: { readonly kubeconfig: string; readonly entry: string }) => Promise<void>;

const ALONE: Readonly<Record<string, Part>> = { merge, storm, outage };
const WITH_SERVER: Readonly<Record<string, Part>> = { latency, memory, start };
const USUAL = ["latency", "merge", "storm", "memory", "start"];

async function main(): Promise<void> {
  const names = Deno.args.length === 0 ? USUAL : Deno.args;
  const kubeconfig = Deno.env.get("KCFG_TEST_KUBE") ?? "";
  const needsBundle = names.some((name) => name === "memory" || name === "start");
  const entry = needsBundle ? (await bundle()).entry : "";
  for (const name of names) {
    const part = ALONE[name] ?? WITH_SERVER[name];
    if (part === undefined) throw new TypeError(`Unknown part "${name}"`);
    if (ALONE[name] === undefined && kubeconfig === "") {
      say(`${name}: not measured, KCFG_TEST_KUBE names no kubeconfig`);
      continue;
    }
    await part({ kubeconfig, entry });
  }
}

await main();
Deno.exit(0);
