/** Channel options that client-side load balancing needs (resolve.md 7.4). */

/** Options for `new Client(…)`. */
export interface BalancedChannelOptions {
  /** Names the policy, as JSON. */
  readonly "grpc.service_config": string;
  /** No proxy of the environment, which gRPC would ask before the resolver. */
  readonly "grpc.enable_http_proxy": 0;
}

/**
 * Round robin over all endpoints, and no proxy of the environment between gRPC and the resolver. The older spelling
 * `loadBalancingPolicy` is ignored by `@grpc/grpc-js`.
 */
export function roundRobin(): BalancedChannelOptions {
  return channelOptions({ policy: "round_robin" });
}

/** The same for any policy by name, with its configuration. */
export function channelOptions(
  { policy, config = {} }: {
    readonly policy: string;
    readonly config?: Readonly<Record<string, unknown>>;
  },
): BalancedChannelOptions {
  return {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ [policy]: config }] }),
    "grpc.enable_http_proxy": 0,
  };
}
