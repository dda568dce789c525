/** The embedded API server with gRPC servers and channels: what tests of whole channels start from. */

import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { newClientFromKubeconfig } from "#lib/grpc_resolver/deno.ts";
import { register, type RegisterOptions, roundRobin } from "#lib/grpc_resolver/mod.ts";
import type { KubeClient } from "#lib/kube/contract.ts";
import { type GrpcBackend, startBackend } from "#tests/support/grpc_backend.ts";
import { type KubeServer, startKubeServer } from "#tests/support/kube_server.ts";
import type { KubeServerOptions } from "#tests/support/kube_server/options.ts";
import { slice } from "#tests/support/slices.ts";
import { type TempDir, tempDir } from "#tests/support/temp_dir.ts";

/** gRPC keeps timers of its own for a while after a channel is closed. */
export const LEAKY = { sanitizeOps: false, sanitizeResources: false };

/** Everything is ended with it. */
export interface ResolverCluster extends AsyncDisposable {
  readonly server: KubeServer;
  /** The client of all channels. */
  readonly client: KubeClient;
  /** Starts a gRPC server. */
  backend(host: string, port?: number): Promise<GrpcBackend>;
  /** Opens a channel with round robin. */
  channel(
    target: string,
    options?: Partial<RegisterOptions> & { readonly channel?: grpc.ClientOptions },
  ): Promise<grpc.Client>;
}

/** Starts the API server; channels use a client of a kubeconfig that `kubeconfig` may change. */
export async function resolverCluster(
  options: KubeServerOptions = {},
  { kubeconfig = (text) => Promise.resolve(text) }: {
    readonly kubeconfig?: (text: string, dir: TempDir) => Promise<string>;
  } = {},
): Promise<ResolverCluster> {
  const dir = await tempDir();
  const server = await startKubeServer(options);
  server.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: "prod" } });
  const path = await dir.write("config", await kubeconfig(server.kubeconfig(), dir));
  const client = await newClientFromKubeconfig({ path });
  const backends: GrpcBackend[] = [];
  const channels: grpc.Client[] = [];
  return {
    server,
    client,
    async backend(host, port = 0) {
      const backend = await startBackend(host, port);
      backends.push(backend);
      return backend;
    },
    async channel(target, { channel: channelOptions, ...options } = {}) {
      await register({ grpc, client, ...options });
      const channel = new grpc.Client(target, grpc.credentials.createInsecure(), {
        ...roundRobin(),
        ...channelOptions,
      });
      channels.push(channel);
      return channel;
    },
    async [Symbol.asyncDispose]() {
      for (const channel of channels) channel.close();
      for (const backend of backends) backend.kill();
      await client.close();
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Makes these the endpoints of `prod/web`; all listen on the same port. */
export function publish(server: KubeServer, backends: readonly GrpcBackend[]): void {
  server.put(slice("web-1", {
    ports: [{ name: "grpc", port: backends[0]?.port ?? 50051, protocol: "TCP" }],
    endpoints: backends.map(({ host }) => host),
  }));
}

/** The error of a call that has to fail. */
export async function failureOf(call: Promise<unknown>): Promise<grpc.ServiceError> {
  return await call.then(
    () => assert.fail("the call did not fail"),
    (error) => error as grpc.ServiceError,
  );
}
