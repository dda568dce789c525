/**
 * One HTTP request to a target beside us. Not by `fetch`: that refuses ports that browsers block and sends loopback
 * requests through a proxy. A target elsewhere that a proxy is set for goes by `fetch` all the same.
 */

import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** What to send. */
export interface TargetRequest {
  readonly url: URL;
  /** Sent as it is, in upper case. */
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
  /** Certificates to trust besides the usual ones, PEM. */
  readonly ca: string | undefined;
  readonly verifiesTls: boolean;
}

/** The answer, its body cut at 64 KiB. */
export interface TargetAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

const MAX_BODY_BYTES = 64 * 1024;
const MAX_REDIRECTS = 10;

/**
 * Sends, and follows redirects: 301, 302 and 303 turn POST into GET.
 *
 * @throws {Error} when there is no answer
 */
export async function sendToTarget(
  first: TargetRequest,
  signal: AbortSignal,
  env: Readonly<Record<string, string>>,
): Promise<TargetAnswer> {
  let request = first;
  for (let hops = 0;; hops++) {
    const answer = usesProxy(request.url, env)
      ? await sendByFetch(request, signal)
      : await sendDirectly(request, signal);
    const redirected = redirectOf(request, answer);
    if (redirected === undefined) return answer;
    if (hops === MAX_REDIRECTS) throw new Error(`More than ${MAX_REDIRECTS} redirects`);
    request = redirected;
  }
}

function redirectOf(request: TargetRequest, answer: TargetAnswer): TargetRequest | undefined {
  const { status, location } = answer;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  const url = URL.parse(location, request.url);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const keepsMethod = status >= 307 || request.method === "GET" || request.method === "HEAD";
  // Credentials are for the host they were given for.
  const headers = url.host === request.url.host
    ? request.headers
    : request.headers.filter(([name]) => name.toLowerCase() !== "authorization");
  return keepsMethod
    ? { ...request, url, headers }
    : { ...request, url, headers, method: "GET", body: undefined };
}

/** `localhost` is tried on both families, because a target may listen on one of them only. */
async function sendDirectly(request: TargetRequest, signal: AbortSignal): Promise<TargetAnswer> {
  if (request.url.hostname !== "localhost") return await sendTo(request, signal, undefined);
  try {
    return await sendTo(request, signal, "127.0.0.1");
  } catch (error) {
    if (signal.aborted || !/ECONNREFUSED/.test(String(error))) throw error;
    return await sendTo(request, signal, "::1");
  }
}

function sendTo(
  { url, method, headers, body, ca, verifiesTls }: TargetRequest,
  signal: AbortSignal,
  host: string | undefined,
): Promise<TargetAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<TargetAnswer>();
  const isTls = url.protocol === "https:";
  const sent: Record<string, string> = { host: url.host, connection: "close" };
  for (const [name, value] of headers) sent[name.toLowerCase()] = value;
  const needsLength = body !== undefined || /^(?:POST|PUT|PATCH)$/.test(method);
  if (needsLength) sent["content-length"] = String(body?.length ?? 0);
  const send = isTls ? httpsRequest : httpRequest;
  const outgoing = send({
    host: host ?? url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    method,
    headers: sent,
    agent: false,
    signal,
    ...(isTls && {
      rejectUnauthorized: verifiesTls,
      ...(ca !== undefined && { ca }),
      ...(!isAddress(url.hostname) && { servername: url.hostname }),
    }),
  }, (incoming) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    incoming.on("data", (chunk: Uint8Array) => {
      if (length < MAX_BODY_BYTES) chunks.push(chunk);
      length += chunk.length;
    });
    incoming.on("error", reject);
    incoming.on("end", () => {
      const { location } = incoming.headers;
      resolve({ status: incoming.statusCode ?? 0, location, text: textOf(chunks) });
    });
  });
  outgoing.on("error", reject);
  outgoing.end(body);
  return promise;
}

async function sendByFetch(
  { url, method, headers, body, ca }: TargetRequest,
  signal: AbortSignal,
): Promise<TargetAnswer> {
  using client = ca === undefined ? undefined : Deno.createHttpClient({ caCerts: [ca] });
  const response = await fetch(url, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    redirect: "manual",
    signal,
    ...(body !== undefined && { body: new Uint8Array(body) }),
    ...(client !== undefined && { client }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return {
    status: response.status,
    location: response.headers.get("location") ?? undefined,
    text: textOf([bytes]),
  };
}

/** Whether a proxy of the environment is for this host; never for ourselves. */
function usesProxy({ protocol, hostname }: URL, env: Readonly<Record<string, string>>): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (bare === "localhost" || bare === "::1" || /^127\./.test(bare)) return false;
  const name = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = env[name] ?? env[name.toLowerCase()] ?? "";
  if (proxy === "") return false;
  const excepted = (env["NO_PROXY"] ?? env["no_proxy"] ?? "").split(",").map((one) => one.trim());
  return !excepted.some((one) =>
    one === "*" ||
    one !== "" && (bare === one || bare.endsWith(one.startsWith(".") ? one : `.${one}`))
  );
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}

function textOf(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  let text = "";
  for (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text.slice(0, MAX_BODY_BYTES);
}
