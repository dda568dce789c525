/**
 * Plain HTTPS for the harness itself, on `node:https`, so that what prepares a test does not depend on
 * the client under test.
 */

import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { Buffer } from "node:buffer";

/** Who asks, and where. */
export interface Endpoint {
  /** `https://host:port`, with an optional path prefix and no trailing slash. */
  readonly url: string;
  readonly caPem?: string | undefined;
  readonly token?: string | undefined;
  readonly certificatePem?: string | undefined;
  readonly privateKeyPem?: string | undefined;
}

/** What is asked. */
export interface PlainRequest {
  /** Default GET. */
  readonly method?: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Sent as JSON unless it is text already. */
  readonly body?: unknown;
  /** Default `application/json`. */
  readonly contentType?: string;
}

/** A complete answer. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends one request on a connection of its own and reads the whole answer; gives up after 30 s. */
export function plainRequest(endpoint: Endpoint, options: PlainRequest): Promise<PlainResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<PlainResponse>();
  const url = new URL(endpoint.url);
  const body = options.body === undefined || typeof options.body === "string"
    ? options.body
    : JSON.stringify(options.body);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const request = send({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    method: options.method ?? "GET",
    path: url.pathname.replace(/\/$/, "") + options.path,
    agent: false,
    timeout: 30_000,
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : {
        "content-type": options.contentType ?? "application/json",
        "content-length": String(Buffer.byteLength(body)),
      }),
      ...(endpoint.token === undefined ? {} : { authorization: `Bearer ${endpoint.token}` }),
      ...options.headers,
    },
    ...(endpoint.caPem === undefined ? {} : { ca: endpoint.caPem }),
    ...(endpoint.certificatePem === undefined ? {} : { cert: endpoint.certificatePem }),
    ...(endpoint.privateKeyPem === undefined ? {} : { key: endpoint.privateKeyPem }),
  });
  request.on("timeout", () => request.destroy(new Error("No answer within 30 s")));
  request.on("error", reject);
  request.on("response", (response) => {
    const chunks: Uint8Array[] = [];
    response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: Buffer.concat(chunks).toString(),
      });
    });
  });
  request.end(body);
  return promise;
}

/** Lines of a stream, read until `isEnough` says so or the server ends it. */
export interface PlainStream {
  readonly status: number;
  readonly headers: PlainResponse["headers"];
  /** Complete lines. */
  readonly lines: readonly string[];
  /** What came after the last newline. */
  readonly rest: string;
}

/** Reads a stream line by line; gives up after 20 s. */
export function plainLines(
  endpoint: Endpoint,
  { path, isEnough }: {
    readonly path: string;
    readonly isEnough: (lines: readonly string[]) => boolean;
  },
): Promise<PlainStream> {
  const { promise, resolve, reject } = Promise.withResolvers<PlainStream>();
  const url = new URL(endpoint.url);
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const request = send({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    path: url.pathname.replace(/\/$/, "") + path,
    agent: false,
    timeout: 20_000,
    headers: {
      accept: "application/json",
      ...(endpoint.token === undefined ? {} : { authorization: `Bearer ${endpoint.token}` }),
    },
    ...(endpoint.caPem === undefined ? {} : { ca: endpoint.caPem }),
    ...(endpoint.certificatePem === undefined ? {} : { cert: endpoint.certificatePem }),
    ...(endpoint.privateKeyPem === undefined ? {} : { key: endpoint.privateKeyPem }),
  });
  request.on("timeout", () => request.destroy(new Error("No end of the stream within 20 s")));
  request.on("error", reject);
  request.on("response", (response) => {
    const lines: string[] = [];
    let rest = "";
    const finish = () => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, lines, rest });
      request.destroy();
    };
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts.filter((part) => part !== ""));
      if (isEnough(lines)) finish();
    });
    response.on("error", reject);
    response.on("end", finish);
  });
  request.end();
  return promise;
}
