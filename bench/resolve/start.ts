/** `kcfg resolve svc.ns` from the start of the process to its end, beside an empty program and one round trip. */

import { Bare } from "../kube/bare.ts";
import { median, say } from "../processes.ts";
import { timeStarts, wholeRun } from "../starts.ts";
import { benchService } from "./service.ts";

/** Measures the bundle on the server of the kubeconfig. */
export async function start(
  { kubeconfig, entry }: { readonly kubeconfig: string; readonly entry: string },
): Promise<void> {
  await using service = await benchService(kubeconfig);
  await service.create("web-1", 3);
  const command = [entry, "resolve", "--kubeconfig", kubeconfig, `web.${service.namespace}`];
  const trips: number[] = [];
  const colds: number[] = [];
  const { ours, empty } = await timeStarts(async (cache) => {
    const startedAt = performance.now();
    await service.writer.json(service.path);
    trips.push(performance.now() - startedAt);
    const coldAt = performance.now();
    const fresh = new Bare(service.server);
    await fresh.json(service.path);
    colds.push(performance.now() - coldAt);
    fresh.close();
    return await wholeRun(command, cache);
  });
  const [trip, cold] = [median(trips), median(colds)];
  say(
    `start: empty ${empty.toFixed(1)} ms   kcfg resolve ${ours.toFixed(1)} ms   round trip ${
      trip.toFixed(1)
    } ms (with connection ${cold.toFixed(1)})   ratio ${((ours - trip) / empty).toFixed(2)}`,
  );
}
