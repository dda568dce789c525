/** Two hundred channels to one Service: how many watches, at first and after a connection is lost. */

import { newClientFromKubeconfig } from "../../lib/grpc_resolver/deno.ts";
import { startKubeServer } from "../../tests/support/kube_server.ts";
import { slice } from "../../tests/support/slices.ts";
import { say } from "../processes.ts";
import { pause } from "../reload/fixture.ts";
import { measuredChannels } from "./channel.ts";

const CHANNELS = 200;

/** Measures on the embedded API server. */
export async function storm(): Promise<void> {
  await using server = await startKubeServer();
  const path = await Deno.makeTempFile({ prefix: "kcfg-bench-" });
  await Deno.writeTextFile(path, server.kubeconfig());
  const client = await newClientFromKubeconfig({ path });
  const put = (...endpoints: string[]) => server.put(slice("web-1", { endpoints }));
  const watches = () =>
    server.requests.filter(({ path, query }) =>
      path.includes("/endpointslices") && query.has("watch")
    ).length;
  put("10.64.0.1");
  const open = await measuredChannels(client);
  const startedAt = performance.now();
  const channels = Array.from(
    { length: CHANNELS },
    () => open("kubernetes:///web.prod:grpc"),
  );
  const first = await Promise.all(channels.map((channel) => channel.told(1)));
  while (server.watches().length === 0) await pause(1);
  say(
    `${CHANNELS} channels: all told ${(Math.max(...first) - startedAt).toFixed(1)} ms after the ` +
      `first was made, ${watches()} watch, ${server.connectionCount} connection`,
  );
  const cutAt = performance.now();
  server.cutConnections();
  put("10.64.0.1", "10.64.0.2");
  const again = await Promise.all(channels.map((channel) => channel.told(2)));
  say(
    `connection lost: all told the change ${(Math.max(...again) - cutAt).toFixed(1)} ms later, ` +
      `${watches() - 1} more watch, ${server.connectionCount} connection`,
  );
  for (const channel of channels) channel[Symbol.dispose]();
  await client.close();
  await Deno.remove(path);
}
