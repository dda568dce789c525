/**
 * `deno task bench:reload`: how soon a change reaches the application, and what the wait costs, against the simplest
 * thing that could do it, in the same run. Prints lines; judges nothing. The parts on an API server need
 * `KCFG_TEST_KUBE`, a kubeconfig.
 */

import { bundle } from "../tools/bundle.ts";
import { benchFolder } from "./reload/fixture.ts";
import { withinLimits } from "./reload/limit.ts";
import { memory } from "./reload/memory.ts";
import { patchLatency } from "./reload/patch_latency.ts";
import { startTimes } from "./reload/start.ts";
import { swapLatency } from "./reload/swap_latency.ts";

async function main(): Promise<void> {
  const { entry } = await bundle();
  const folder = await benchFolder();
  try {
    await startTimes(folder, entry);
    await swapLatency(folder, entry);
    await patchLatency(folder, entry);
    await memory(folder, entry);
    await withinLimits(entry);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

await main();
Deno.exit(0);
