/** Resident memory of `kcfg resolve --watch` with a thousand endpoints in ten slices. */

import { idleRssMb, say } from "../processes.ts";
import { benchService } from "./service.ts";

const SLICES = 10;
const ENDPOINTS = 100;

/** Measures the bundle on the server of the kubeconfig. */
export async function memory(
  { kubeconfig, entry }: { readonly kubeconfig: string; readonly entry: string },
): Promise<void> {
  await using service = await benchService(kubeconfig);
  const target = `web.${service.namespace}:grpc`;
  const args = [entry, "resolve", "--watch", "--kubeconfig", kubeconfig, target];
  const waiting = await idleRssMb([new URL("../waiting.ts", import.meta.url).pathname]);
  say(`memory, a program that waits: ${waiting.toFixed(1)} MiB`);
  const none = await idleRssMb(args);
  say(`memory, resolve --watch without endpoints: ${none.toFixed(1)} MiB`);
  for (let slice = 0; slice < SLICES; slice++) await service.create(`web-${slice}`, ENDPOINTS);
  const full = await idleRssMb(args);
  say(`memory, resolve --watch with ${SLICES * ENDPOINTS} endpoints: ${full.toFixed(1)} MiB`);
}
