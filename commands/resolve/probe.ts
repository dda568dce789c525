/** gRPC health of addresses (resolve.md 13): asked directly, without resolver and proxy. */

import * as grpc from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { formatHostPort } from "#lib/grpc_resolver/addresses.ts";
import { installDenoHttp2Guard } from "#lib/grpc_resolver/deno_http2_guard.ts";
import type { HostPort } from "#lib/grpc_resolver/resolution.ts";
import type { Clock } from "#lib/run/clock.ts";
import { VERSION } from "#lib/run/version.ts";
import type { ProbeOptions } from "./options.ts";
import type { ProbeResult, ProbeStatus } from "./probe_result.ts";
import type { Resolved } from "./resolution_json.ts";

/** What probing needs. */
export interface ProbeDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const HEALTH: readonly ProbeStatus[] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** Probes every usable address of a target, so many at once; results by `host:port`. */
export async function probeTarget(
  { target, published }: Resolved,
  options: ProbeOptions,
  deps: ProbeDeps,
): Promise<ReadonlyMap<string, ProbeResult>> {
  installDenoHttp2Guard();
  const credentials = await credentialsOf(options);
  const authority = options.tls?.serverName ?? `${target.service}.${target.namespace}`;
  const addresses = (published?.list.usable ?? []).flatMap((endpoint) => endpoint.addresses);
  const results = new Map<string, ProbeResult>();
  const queue = [...addresses];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results.set(
        formatHostPort(next),
        await probeAddress(next, { ...options, credentials, authority }, deps),
      );
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return results;
}

/** Where readiness and health say different things. */
export function disagreements({ published, probes }: Resolved): readonly string[] {
  return (published?.list.usable ?? []).flatMap(({ addresses: [first], conditions }) => {
    const address = first === undefined ? "" : formatHostPort(first);
    const status = probes.get(address)?.status;
    if (status === undefined || status === "SERVING" || status === "UNIMPLEMENTED") return [];
    return conditions.ready ? [`${address} is ready, its health is ${status}`] : [];
  });
}

async function credentialsOf({ tls }: ProbeOptions): Promise<grpc.ChannelCredentials> {
  if (tls === undefined) return grpc.credentials.createInsecure();
  const read = async (file: string | undefined) =>
    file === undefined ? null : Buffer.from(await Deno.readFile(file));
  const [ca, key, cert] = await Promise.all([
    read(tls.caFile),
    read(tls.keyFile),
    read(tls.certFile),
  ]);
  return grpc.credentials.createSsl(ca, key, cert, { rejectUnauthorized: tls.isVerified });
}

async function probeAddress(
  address: HostPort & { readonly family: string },
  options: ProbeOptions & {
    readonly credentials: grpc.ChannelCredentials;
    readonly authority: string;
  },
  { clock, signal }: ProbeDeps,
): Promise<ProbeResult> {
  const scheme = address.family === "FQDN" ? "dns" : address.family.toLowerCase();
  const client = new grpc.Client(`${scheme}:${formatHostPort(address)}`, options.credentials, {
    "grpc.default_authority": options.authority,
    "grpc.ssl_target_name_override": options.authority,
    "grpc.primary_user_agent": `kcfg-resolve/${VERSION}`,
    "grpc.enable_http_proxy": 0,
  });
  const startedAt = clock.monotonic();
  try {
    const failure = await connect(client, clock.now() + options.connectTimeoutMs);
    const connectMs = clock.monotonic() - startedAt;
    if (failure !== undefined) {
      const status = connectMs >= options.connectTimeoutMs ? "TIMEOUT" : "UNREACHABLE";
      return {
        status,
        grpcCode: null,
        message: failure,
        connectMs: null,
        rpcMs: null,
        service: "",
      };
    }
    let last: ProbeResult | undefined;
    for (const service of options.services) {
      if (signal.aborted) break;
      const calledAt = clock.monotonic();
      const answer = await check(client, service, options, clock);
      last = { ...answer, connectMs, rpcMs: clock.monotonic() - calledAt, service };
      // The first service that is not well speaks for the address.
      if (last.status !== "SERVING") break;
    }
    return last ?? {
      ...{ status: "ERROR", grpcCode: null, message: "interrupted", rpcMs: null, service: "" },
      connectMs,
    };
  } finally {
    client.close();
  }
}

function connect(client: grpc.Client, deadlineMs: number): Promise<string | undefined> {
  return new Promise((resolve) =>
    client.waitForReady(new Date(deadlineMs), (error) => resolve(error?.message))
  );
}

type Answer = Pick<ProbeResult, "status" | "grpcCode" | "message">;

function check(
  client: grpc.Client,
  service: string,
  { timeoutMs, headers }: ProbeOptions,
  clock: Clock,
): Promise<Answer> {
  const metadata = new grpc.Metadata();
  for (const [name, value] of headers) metadata.add(name, value);
  return new Promise((resolve) => {
    client.makeUnaryRequest<string, number>(
      "/grpc.health.v1.Health/Check",
      encodeRequest,
      decodeResponse,
      service,
      metadata,
      { deadline: new Date(clock.now() + timeoutMs) },
      (error, health) => {
        if (error === null) {
          resolve({ status: HEALTH[health ?? 0] ?? "UNKNOWN", grpcCode: 0, message: "" });
        } else resolve(answerOf(error));
      },
    );
  });
}

const STATUSES: Readonly<Record<number, ProbeStatus>> = {
  [grpc.status.NOT_FOUND]: "SERVICE_UNKNOWN",
  [grpc.status.UNIMPLEMENTED]: "UNIMPLEMENTED",
  [grpc.status.UNAVAILABLE]: "UNREACHABLE",
  [grpc.status.DEADLINE_EXCEEDED]: "TIMEOUT",
};

function answerOf({ code, details }: grpc.ServiceError): Answer {
  return { status: STATUSES[code] ?? "ERROR", grpcCode: code, message: details };
}

/** Field 1, a text (grpc.health.v1.HealthCheckRequest). */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length === 0) return Buffer.alloc(0);
  const length: number[] = [];
  for (let rest = name.length;; rest >>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([0x0a, ...length]), name]);
}

/** Field 1, an enum below 128 (grpc.health.v1.HealthCheckResponse). */
function decodeResponse(bytes: Buffer): number {
  return bytes[0] === 0x08 ? bytes[1] ?? 0 : 0;
}
