/** A real API server killed for a minute, and a link that goes silent: when the channel has what it missed. */

import { createKubeClient } from "../../lib/kube/client.ts";
import { denoPlatform } from "../../lib/kube/deno.ts";
import { unrestricted } from "../../lib/kube/scope/client_scope.ts";
import { type OwnControlPlane, startControlPlane } from "../../tests/support/control_plane.ts";
import { type Relay, startRelay } from "../../tests/support/relay.ts";
import { Bare } from "../kube/bare.ts";
import { say } from "../processes.ts";
import { pause } from "../reload/fixture.ts";
import { type MeasuredChannel, measuredChannels } from "./channel.ts";
import { type BenchService, benchService } from "./service.ts";

const DOWN_MS = 60_000;

/** Measures with a control plane of its own. */
export async function outage(): Promise<void> {
  const plane = await startControlPlane({ controllerManager: false });
  if ("unavailable" in plane) return say(`outage: not measured: ${plane.unavailable}`);
  try {
    await using relay = await startRelay({ port: Number(new URL(plane.url).port) });
    const client = createKubeClient({
      scope: unrestricted(),
      platform: denoPlatform(),
      config: {
        server: `https://127.0.0.1:${relay.port}`,
        certificateAuthority: { text: plane.admin.caPem ?? "" },
        token: { text: plane.adminToken },
      },
    });
    // Ends after the channel, which would warn of a client that is gone.
    await using ends = new AsyncDisposableStack();
    ends.defer(() => client.close());
    const open = await measuredChannels(client);
    await using service = await benchService(plane.kubeconfigPath);
    await service.create("web-1", 2);
    using channel = open(`kubernetes:///web.${service.namespace}:grpc`);
    await channel.told(2);
    await frozen({ relay, service, channel });
    await killed({ plane, service, channel });
  } finally {
    await plane.stop();
  }
}

/** Packets of the open connection vanish; new connections work. */
async function frozen(
  { relay, service, channel }: {
    readonly relay: Relay;
    readonly service: BenchService;
    readonly channel: MeasuredChannel;
  },
): Promise<void> {
  await pause(1500);
  relay.freeze();
  const frozenAt = performance.now();
  await service.resize("web-1", 3);
  const told = await channel.told(3);
  say(`link silent: the change during it was told after ${seconds(told - frozenAt)}`);
}

async function killed(
  { plane, service, channel }: {
    readonly plane: OwnControlPlane;
    readonly service: BenchService;
    readonly channel: MeasuredChannel;
  },
): Promise<void> {
  let told: number | undefined;
  const killedAt = performance.now();
  await plane.servers.stopApiServer("SIGKILL");
  const waiting = channel.told(4).then((at) => told = at);
  await pause(DOWN_MS);
  await plane.servers.startApiServer();
  const readyAt = performance.now();
  // The connection of before is gone with the server.
  const writer = new Bare(service.server);
  await writer.json(`${service.path}/web-1`, {
    method: "PATCH",
    body: JSON.stringify({
      endpoints: Array.from({ length: 4 }, (_, at) => ({ addresses: [`10.64.9.${at + 1}`] })),
    }),
    headers: { "content-type": "application/merge-patch+json" },
  });
  writer.close();
  const isKept = told === undefined;
  await waiting;
  say(
    `API server killed, ready again ${seconds(readyAt - killedAt)} later, its endpoints ${
      isKept ? "kept" : "lost"
    } meanwhile; a change made then was told ${
      seconds((told ?? NaN) - readyAt)
    } after the server was ready`,
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
