/** A channel of gRPC whose resolver says when it has told the load balancer: what every latency here ends with. */

import * as grpc from "@grpc/grpc-js";
import { type GrpcModule, register, roundRobin } from "../../lib/grpc_resolver/mod.ts";
import type { ResolverClient } from "../../lib/grpc_resolver/mod.ts";

/** A channel under measurement. */
export interface MeasuredChannel extends Disposable {
  /** Resolves with the time at which a list of so many endpoints was told. */
  told(endpoints: number): Promise<number>;
}

type Register = typeof grpc.experimental.registerResolver;
type Listener = ConstructorParameters<Parameters<Register>[1]>[1];

/** Opens channels of one registration. */
export async function measuredChannels(
  client: ResolverClient,
): Promise<(target: string) => MeasuredChannel> {
  let latest: ((listener: Listener) => Listener) | undefined;
  const registerResolver: Register = (scheme, resolver) =>
    grpc.experimental.registerResolver(
      scheme,
      class extends resolver {
        constructor(...[uri, listener, options]: ConstructorParameters<typeof resolver>) {
          super(uri, latest?.(listener) ?? listener, options);
        }
      },
    );
  const experimental = { ...grpc.experimental, registerResolver };
  await register({ grpc: { ...grpc, experimental } as GrpcModule, client });
  return (target) => {
    let count = -1;
    let at = 0;
    let wake = () => {};
    latest = (listener) => (endpoints, ...rest) => {
      const isAccepted = listener(endpoints, ...rest);
      if (endpoints.ok) {
        [count, at] = [endpoints.value.length, performance.now()];
        wake();
      }
      return isAccepted;
    };
    const channel = new grpc.Client(target, grpc.credentials.createInsecure(), roundRobin());
    // Connects, and so resolves, without a call.
    channel.getChannel().getConnectivityState(CONNECT);
    return {
      async told(endpoints) {
        while (count !== endpoints) await new Promise<void>((resolve) => wake = resolve);
        return at;
      },
      [Symbol.dispose]: () => channel.close(),
    };
  };
}

const CONNECT = true;
