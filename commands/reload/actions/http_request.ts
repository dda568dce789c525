/**
 * One HTTP request to a target beside us. Not by `fetch`: that refuses ports that browsers block and sends loopback
 * requests through a proxy. A target elsewhere that a proxy is set for goes by `fetch` all the same.
 */

import { exchange, type ExchangeAnswer, type ExchangeRequest } from "./http_exchange.ts";

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
export type TargetAnswer = ExchangeAnswer;

const MAX_BODY_BYTES = 64 * 1024;
const MAX_REDIRECTS = 10;
const CREDENTIALS: ReadonlySet<string> = new Set(["authorization", "cookie"]);

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
  // Credentials are for the host they were given for, and not for everybody on the way.
  const isForSame = url.host === request.url.host &&
    (url.protocol === "https:" || request.url.protocol === "http:");
  const headers = isForSame
    ? request.headers
    : request.headers.filter(([name]) => !CREDENTIALS.has(name.toLowerCase()));
  return keepsMethod
    ? { ...request, url, headers }
    : { ...request, url, headers, method: "GET", body: undefined };
}

/** `localhost` is tried on both families, because a target may listen on one of them only. */
async function sendDirectly(request: TargetRequest, signal: AbortSignal): Promise<TargetAnswer> {
  const hostname = request.url.hostname.replace(/^\[|\]$/g, "");
  if (hostname !== "localhost") return await sendTo(hostname, request, signal);
  try {
    return await sendTo("127.0.0.1", request, signal);
  } catch (error) {
    const isRefused = error instanceof Deno.errors.ConnectionRefused ||
      /ECONNREFUSED/.test(String(error));
    if (signal.aborted || !isRefused) throw error;
    return await sendTo("::1", request, signal);
  }
}

async function sendTo(
  hostname: string,
  request: TargetRequest,
  signal: AbortSignal,
): Promise<TargetAnswer> {
  const { url, method, body, ca, verifiesTls } = request;
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const outgoing: ExchangeRequest = {
    ...{ method, target: url.pathname + url.search, body },
    headers: headersOf(request),
  };
  if (isTls && !verifiesTls) {
    const { sendUnverified } = await import("./unverified_https.ts");
    return await sendUnverified({ hostname, port }, outgoing, signal);
  }
  signal.throwIfAborted();
  const plain = await Deno.connect({
    ...{ hostname, port, signal },
    // A name may have addresses of which only some answer.
    ...(!isAddress(hostname) && { autoSelectFamily: true }),
  });
  let connection: Deno.Conn = plain;
  const close = () => {
    try {
      connection.close();
    } catch {
      // It is closed.
    }
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    if (isTls) {
      connection = await Deno.startTls(plain, {
        hostname: url.hostname.replace(/^\[|\]$/g, ""),
        ...(ca !== undefined && { caCerts: [ca] }),
      });
    }
    return await exchange(connection, outgoing);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** Names are in lower case, a later one replaces an earlier one. */
function headersOf(
  { url, method, headers, body }: TargetRequest,
): readonly (readonly [string, string])[] {
  const sent = new Map([["host", url.host], ["connection", "close"]]);
  for (const [name, value] of headers) sent.set(name.toLowerCase(), value);
  const needsLength = body !== undefined || /^(?:POST|PUT|PATCH)$/.test(method);
  if (needsLength) sent.set("content-length", String(body?.length ?? 0));
  return [...sent];
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
  return {
    status: response.status,
    location: response.headers.get("location") ?? undefined,
    text: await beginningOf(response),
  };
}

/** The beginning of a body; the rest is read and forgotten. */
async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let [text, left] = ["", MAX_BODY_BYTES];
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk.subarray(0, left), { stream: true });
    left = Math.max(0, left - chunk.length);
  }
  return text + decoder.decode();
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
  return hostname.includes(":") || /^[\d.]+$/.test(hostname);
}
