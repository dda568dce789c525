/** `kcfg resolve svc.ns` from the start of the process to its end, beside an empty program and one round trip. */

import { Bare } from "../kube/bare.ts";
import { median, RUN, say } from "../processes.ts";
import { benchService } from "./service.ts";

const ROUNDS = 25;

/** Measures the bundle on the server of the kubeconfig. */
export async function start(
  { kubeconfig, entry }: { readonly kubeconfig: string; readonly entry: string },
): Promise<void> {
  await using service = await benchService(kubeconfig);
  await service.create("web-1", 3);
  const empty = await Deno.makeTempFile({ suffix: ".js" });
  const command = [entry, "resolve", "--kubeconfig", kubeconfig, `web.${service.namespace}`];
  const times = {
    empty: [] as number[],
    resolve: [] as number[],
    trip: [] as number[],
    cold: [] as number[],
  };
  for (let round = 0; round < ROUNDS; round++) {
    times.empty.push(await timed([empty]));
    times.resolve.push(await timed(command));
    const startedAt = performance.now();
    await service.writer.json(service.path);
    times.trip.push(performance.now() - startedAt);
    const coldAt = performance.now();
    const fresh = new Bare(service.server);
    await fresh.json(service.path);
    times.cold.push(performance.now() - coldAt);
    fresh.close();
  }
  await Deno.remove(empty);
  const [base, ours, trip, cold] = [
    median(times.empty),
    median(times.resolve),
    median(times.trip),
    median(times.cold),
  ];
  say(
    `start: empty ${base.toFixed(1)} ms   kcfg resolve ${ours.toFixed(1)} ms   round trip ${
      trip.toFixed(1)
    } ms (with connection ${cold.toFixed(1)})   ratio ${((ours - trip) / base).toFixed(2)}`,
  );
}

async function timed(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...RUN, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  if (!success) throw new Error(`Cannot measure "${args.join(" ")}": it failed`);
  return performance.now() - startedAt;
}
