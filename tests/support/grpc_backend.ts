/** Real gRPC servers and callers for tests of the resolver: a server answers every call with its own address. */

import { Buffer } from "node:buffer";
import * as grpc from "@grpc/grpc-js";

/** Path of the one method. */
const WHO = "/test.Who/Ask";

/** A running server. */
export interface GrpcBackend {
  readonly host: string;
  readonly port: number;
  /** Calls answered so far. */
  readonly calls: number;
  /** Connections accepted so far that made a call. */
  readonly peers: ReadonlySet<string>;
  /** Says GOAWAY and ends when the last call has. */
  drain(): Promise<void>;
  /** Ends at once. */
  kill(): void;
}

/** Starts a server on a host; port 0 by default, without TLS unless credentials are given. */
export async function startBackend(
  host: string,
  port = 0,
  { credentials = grpc.ServerCredentials.createInsecure(), health: failure }: {
    readonly credentials?: grpc.ServerCredentials;
    /** What it answers in place of its health; it is well by default. */
    readonly health?: string;
  } = {},
): Promise<GrpcBackend> {
  const server = new grpc.Server();
  const state = { calls: 0 };
  const peers = new Set<string>();
  const method = {
    path: WHO,
    requestStream: false,
    responseStream: false,
    requestSerialize: (text: string) => Buffer.from(text),
    requestDeserialize: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
    responseSerialize: (text: string) => Buffer.from(text),
    responseDeserialize: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
  } as const;
  const health = {
    ...method,
    path: "/grpc.health.v1.Health/Check",
    // An empty text is no message for the library's server; any other value is one.
    requestDeserialize: () => "health",
    responseSerialize: () => Buffer.from([0x08, 1]),
  };
  const answer: grpc.handleUnaryCall<string, string> = (call, done) => {
    state.calls += 1;
    peers.add(call.getPeer());
    done(null, `${host}:${bound}`);
  };
  const check: typeof answer = failure === undefined
    ? answer
    : (_, done) => done({ code: grpc.status.INTERNAL, details: failure });
  server.addService({ ask: method, check: health }, { ask: answer, check });
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      `${host}:${port}`,
      credentials,
      (error, at) => error === null ? resolve(at) : reject(error),
    )
  );
  return {
    host,
    port: bound,
    peers,
    get calls() {
      return state.calls;
    },
    drain: () =>
      new Promise((resolve, reject) =>
        server.tryShutdown((error) => error === undefined ? resolve() : reject(error))
      ),
    kill: () => server.forceShutdown(),
  };
}

/** One call; resolves to who answered. @throws {grpc.ServiceError} */
export function ask(
  client: grpc.Client,
  deadlineMs = 5000,
  { waitForReady = false }: { readonly waitForReady?: boolean } = {},
): Promise<string> {
  const metadata = new grpc.Metadata({ waitForReady });
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      WHO,
      (text: string) => Buffer.from(text),
      (bytes: Uint8Array) => new TextDecoder().decode(bytes),
      "who",
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error, answer) => error === null ? resolve(answer ?? "") : reject(error),
    )
  );
}
