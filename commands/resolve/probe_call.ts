/** One address asked for its health with `@grpc/grpc-js`, directly: no resolver, no proxy (resolve.md 13). */

import * as grpc from "@grpc/grpc-js";
import { toBuffer } from "#lib/grpc_resolver/buffer.ts";
import { installHttp2Guard } from "#lib/grpc_resolver/http2_guard.ts";
import { VERSION } from "#lib/run/version.ts";
import type { Clock } from "#lib/run/clock.ts";
import { decodeHealthResponse, encodeHealthRequest, HEALTH_METHOD } from "./health.ts";
import type { ProbeOptions } from "./probe_options.ts";
import type { ProbeResult, ProbeStatus } from "./probe_result.ts";

/** What a call needs. */
export interface CallDeps {
  readonly clock: Clock;
  readonly credentials: grpc.ChannelCredentials;
  /** `SERVICE.NAMESPACE`. */
  readonly authority: string;
}

/** Credentials of all calls; files are read once. */
export async function createCredentials(
  { tls }: ProbeOptions,
  readFile: (path: string) => Promise<Uint8Array>,
): Promise<grpc.ChannelCredentials> {
  if (tls === undefined) return grpc.credentials.createInsecure();
  const [ca, key, cert] = await Promise.all(
    [tls.ca, tls.key, tls.cert].map(async (path) =>
      path === undefined ? null : toBuffer(await readFile(path))
    ),
  );
  return grpc.credentials.createSsl(ca ?? null, key ?? null, cert ?? null, {
    rejectUnauthorized: !tls.insecure,
  });
}

/** Asks one address about every service, over one connection. */
export async function probeAddress(
  address: string,
  options: ProbeOptions,
  deps: CallDeps,
): Promise<readonly ProbeResult[]> {
  await installHttp2Guard();
  const { clock, credentials, authority } = deps;
  const family = address.startsWith("[") ? "ipv6" : /^[\d.]+:/.test(address) ? "ipv4" : "dns";
  const client = new grpc.Client(`${family}:${address}`, credentials, {
    "grpc.default_authority": authority,
    "grpc.enable_http_proxy": 0,
    "grpc.enable_retries": 0,
    "grpc.primary_user_agent": `kcfg-resolve/${VERSION}`,
    "grpc.service_config": '{"loadBalancingConfig":[{"pick_first":{}}]}',
    "grpc.use_local_subchannel_pool": 1,
    ...(options.tls === undefined ? {} : {
      "grpc.ssl_target_name_override": options.tls.serverName ?? authority,
    }),
  });
  try {
    const startMs = clock.monotonic();
    const failure = await connect(client, options);
    const connectMs = clock.monotonic() - startMs;
    if (failure !== undefined) {
      return options.services.map((service) => ({
        ...failure,
        ...{ grpcCode: null, connectMs: round(connectMs), rpcMs: 0, service },
      }));
    }
    const results: ProbeResult[] = [];
    // One after the other: the services of a server are few, and their times stay apart.
    for (const service of options.services) {
      results.push(await callOnce(client, service, { ...deps, options, connectMs }));
    }
    return results;
  } finally {
    client.close();
  }
}

function connect(
  client: grpc.Client,
  { connectTimeoutMs: timeoutMs, tls }: ProbeOptions,
): Promise<{ readonly status: ProbeStatus; readonly message: string } | undefined> {
  return new Promise((resolve) => {
    const channel = client.getChannel();
    const deadline = Date.now() + timeoutMs;
    const look = (state: grpc.connectivityState) => {
      if (state === grpc.connectivityState.READY) return resolve(undefined);
      if (state === grpc.connectivityState.TRANSIENT_FAILURE) {
        const why = tls === undefined ? "was refused" : "was refused or TLS could not be agreed on";
        return resolve({ status: "UNREACHABLE", message: `the connection ${why}` });
      }
      channel.watchConnectivityState(state, deadline, (error) => {
        if (error !== undefined) {
          return resolve({ status: "TIMEOUT", message: "not connected in time" });
        }
        look(channel.getConnectivityState(CONNECT));
      });
    };
    look(channel.getConnectivityState(CONNECT));
  });
}

const CONNECT = true;

function callOnce(
  client: grpc.Client,
  service: string,
  { clock, options, connectMs }: CallDeps & {
    readonly options: ProbeOptions;
    readonly connectMs: number;
  },
): Promise<ProbeResult> {
  const metadata = new grpc.Metadata();
  for (const [name, value] of options.headers) metadata.add(name, value);
  const startMs = clock.monotonic();
  return new Promise((resolve) => {
    client.makeUnaryRequest<string, ReturnType<typeof decodeHealthResponse>>(
      HEALTH_METHOD,
      (name) => toBuffer(encodeHealthRequest(name)),
      decodeHealthResponse,
      service,
      metadata,
      { deadline: Date.now() + options.timeoutMs },
      (error, answer) => {
        const rpcMs = round(clock.monotonic() - startMs);
        const head = { connectMs: round(connectMs), rpcMs, service };
        if (error === null) {
          return resolve({ status: answer ?? "UNKNOWN", grpcCode: 0, message: "", ...head });
        }
        const { code, details } = error;
        resolve({ status: statusOf(code), grpcCode: code, message: details, ...head });
      },
    );
  });
}

function statusOf(code: grpc.status): ProbeStatus {
  switch (code) {
    case grpc.status.NOT_FOUND:
      return "SERVICE_UNKNOWN";
    case grpc.status.UNIMPLEMENTED:
      return "UNIMPLEMENTED";
    case grpc.status.DEADLINE_EXCEEDED:
      return "TIMEOUT";
    case grpc.status.UNAVAILABLE:
      return "UNREACHABLE";
    default:
      return "ERROR";
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
