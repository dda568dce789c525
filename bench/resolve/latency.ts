/** From a PATCH of a slice at a real API server to the channel, with and without a broken connection in between. */

import { newClientFromKubeconfig } from "../../lib/grpc_resolver/deno.ts";
import { createKubeClient } from "../../lib/kube/client.ts";
import { denoPlatform } from "../../lib/kube/deno.ts";
import { unrestricted } from "../../lib/kube/scope/client_scope.ts";
import { startRelay } from "../../tests/support/relay.ts";
import { Bare } from "../kube/bare.ts";
import { median, quantile, say } from "../processes.ts";
import { pause } from "../reload/fixture.ts";
import { measuredChannels } from "./channel.ts";
import { type BenchService, benchService } from "./service.ts";

const PATCHES = 300;
const BETWEEN_MS = 40;
const CUTS = 50;

/** Measures on the server of the kubeconfig. */
export async function latency({ kubeconfig }: { readonly kubeconfig: string }): Promise<void> {
  await using service = await benchService(kubeconfig);
  await service.create("web-1", 2);
  await patches(service, kubeconfig);
  await reconnects(service);
}

/** Each PATCH beside a bare watch loop. */
async function patches(service: BenchService, kubeconfig: string): Promise<void> {
  // Ends after the channel: one that outlives its client would warn of a server that cannot be reached.
  await using ends = new AsyncDisposableStack();
  const client = await newClientFromKubeconfig({ path: kubeconfig });
  ends.defer(() => client.close());
  const startMs = performance.now();
  const open = await measuredChannels(client);
  using channel = open(`kubernetes:///web.${service.namespace}:grpc`);
  const firstMs = await channel.told(2) - startMs;
  const bare = bareWatch(service);
  ends.defer(() => bare.close());
  await pause(500);
  const times = { bare: [] as number[], added: [] as number[], removed: [] as number[] };
  for (let patch = 0; patch < PATCHES; patch++) {
    const isAddition = patch % 2 === 0;
    const count = isAddition ? 3 : 2;
    const startedAt = performance.now();
    const [told, seen] = await Promise.all([
      channel.told(count),
      bare.seen(count),
      service.resize("web-1", count),
    ]);
    (isAddition ? times.added : times.removed).push(told - startedAt);
    times.bare.push(seen - startedAt);
    await pause(BETWEEN_MS);
  }
  say(`first list of a channel: ${firstMs.toFixed(1)} ms after its creation`);
  const base = median(times.bare);
  for (const [name, values] of Object.entries(times)) {
    say(
      `PATCH → ${name.padEnd(8)} p50 ${median(values).toFixed(2)} ms   p99 ${
        quantile(values, 0.99).toFixed(2)
      } ms   ratio ${(median(values) / base).toFixed(2)}   p99 ratio ${
        (quantile(values, 0.99) / quantile(times.bare, 0.99)).toFixed(2)
      }`,
    );
  }
}

/** Each time the connection is reset and the slice changed in the same moment. */
async function reconnects(service: BenchService): Promise<void> {
  const { url, caPem, token } = service.server;
  await using relay = await startRelay({ port: Number(new URL(url).port) });
  await using ends = new AsyncDisposableStack();
  const client = createKubeClient({
    scope: unrestricted(),
    platform: denoPlatform(),
    config: {
      server: `https://127.0.0.1:${relay.port}`,
      certificateAuthority: { text: caPem },
      token: { text: token ?? "" },
    },
  });
  ends.defer(() => client.close());
  const open = await measuredChannels(client);
  using channel = open(`kubernetes:///web.${service.namespace}:grpc`);
  let count = 2;
  await channel.told(count);
  const times: number[] = [];
  for (let cut = 0; cut < CUTS; cut++) {
    // More than a second of quiet makes the watch a healthy one, as most are.
    await pause(1100);
    count = count === 2 ? 3 : 2;
    const startedAt = performance.now();
    relay.cut();
    const [told] = await Promise.all([channel.told(count), service.resize("web-1", count)]);
    times.push(told - startedAt);
  }
  say(
    `connection reset and PATCH at once → channel: p50 ${median(times).toFixed(1)} ms   p99 ${
      quantile(times, 0.99).toFixed(1)
    } ms   ${relay.acceptedCount} connections`,
  );
}

/** The loop of a hurried program: a watch, a parse, nothing else. */
function bareWatch({ server, path }: BenchService) {
  const watcher = new Bare(server);
  let count = -1;
  let at = 0;
  let wake = () => {};
  const query = "watch=true&labelSelector=kubernetes.io%2Fservice-name%3Dweb";
  // Its end is the end of the measurement.
  watcher.watch(`${path}?${query}`, ({ object }) => {
    const { endpoints } = object as unknown as { readonly endpoints?: readonly unknown[] };
    [count, at] = [endpoints?.length ?? 0, performance.now()];
    wake();
    return false;
  }).catch(() => undefined);
  return {
    async seen(endpoints: number): Promise<number> {
      while (count !== endpoints) await new Promise<void>((resolve) => wake = resolve);
      return at;
    },
    close: () => watcher.close(),
  };
}
