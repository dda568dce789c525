/**
 * Refresh by HTTP (serve-config.md 14.8): the webhook that repositories call, and Spring's bus endpoint. With a
 * secret, whoever does not know it is turned away before anything is read out of the body. The answer comes when
 * the replicas that can be reached have dropped what is concerned.
 */

import { plain } from "#lib/http/plain.ts";
import type { Clock } from "#lib/run/clock.ts";
import { equalTexts, verifyHmac } from "../auth/hmac.ts";
import { createBodyReader } from "../requests/received_body.ts";
import { applicationsOf, pathsOf } from "./monitor_paths.ts";
import type { PushBody } from "./monitor_paths.ts";
import type { Refresher } from "./refresher.ts";
import { told } from "./told.ts";

/** Where and by whom. */
export interface MonitorOptions {
  /** Path of the webhook. */
  readonly path: string;
}

/** What the webhook needs. */
export interface MonitorDeps {
  readonly refresher: Refresher;
  /** Tells the bus; absent where it is not to be told. */
  readonly publish?:
    | ((event: { readonly destination: string; readonly id: string }) => void)
    | undefined;
  readonly newId: () => string;
  readonly clock: Clock;
  /** Lines of the secret's file as it is now; absent when everybody may call. */
  readonly readSecrets: (() => Promise<readonly string[]>) | undefined;
  /** Says no where clients must prove who they are; a secret of its own stands in for that. */
  readonly deny?: ((request: Request, key: string) => Promise<Response | undefined>) | undefined;
}

const MAX_BODY_BYTES = 5 * 1024 * 1024;
const BUS_REFRESH = "/actuator/busrefresh";

/** Headers with an HMAC-SHA256 of the body, and what stands before it. */
const SIGNATURES: readonly (readonly [name: string, prefix: string])[] = [
  ["x-hub-signature-256", "sha256="],
  ["x-hub-signature", "sha256="],
  ["x-gitea-signature", ""],
  ["x-gogs-signature", ""],
];

/** Makes the handler of POST requests; `undefined` for paths that are not its own. */
export function createMonitor(
  { path: monitorPath }: MonitorOptions,
  { refresher, publish, newId, clock, readSecrets, deny }: MonitorDeps,
): (request: Request, path: string) => Promise<Response> | undefined {
  const read = createBodyReader({ maxBytes: MAX_BODY_BYTES }, { clock });

  async function receive(request: Request, path: string): Promise<Response> {
    const denied = readSecrets === undefined ? await deny?.(request, path) : undefined;
    if (denied !== undefined) return denied;
    const bytes = await read(request);
    if (bytes instanceof Response) return bytes;
    if (readSecrets !== undefined && !await isKnown(request.headers, bytes, await readSecrets())) {
      return plain("unauthorized", { status: 401 });
    }
    if (path !== monitorPath) return await busRefresh(path);
    const body = parseBody(request.headers, bytes);
    if (body === undefined) {
      refresher.note("monitor", "malformed");
      return plain("body is not JSON", { status: 400 });
    }
    const applications = applicationsOf(pathsOf(request.headers, body));
    if (applications.length === 0) refresher.note("monitor", "ignored");
    for (const application of applications) refresh(`${application}:**`);
    await told(refresher, clock);
    return Response.json(applications, { headers: { "x-content-type-options": "nosniff" } });
  }

  /** By one id wherever it is told, so that nobody passes it on a second time. */
  function refresh(destination: string): void {
    const id = newId();
    refresher.invalidate({ source: "monitor", target: { destination }, id });
    publish?.({ destination, id });
  }

  async function busRefresh(path: string): Promise<Response> {
    const rest = path.slice(BUS_REFRESH.length).split("/").filter((segment) => segment !== "");
    try {
      const destination = rest.map(decodeURIComponent).join(":");
      refresh(destination === "" ? "**" : destination);
      await told(refresher, clock);
      return new Response(null, { status: 204 });
    } catch (error) {
      if (error instanceof URIError) return plain("bad request", { status: 400 });
      throw error;
    }
  }

  return (request, path) => {
    if (request.method !== "POST") return undefined;
    const isBus = path === BUS_REFRESH || path.startsWith(`${BUS_REFRESH}/`);
    return path === monitorPath || isBus ? receive(request, path) : undefined;
  };
}

async function isKnown(
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
  secrets: readonly string[],
): Promise<boolean> {
  for (const secret of secrets) {
    for (const [name, prefix] of SIGNATURES) {
      const value = headers.get(name);
      if (value === null || !value.startsWith(prefix)) continue;
      if (await verifyHmac(secret, body, value.slice(prefix.length))) return true;
    }
    const token = headers.get("x-gitlab-token");
    if (token !== null && await equalTexts(token, secret)) return true;
  }
  return false;
}

function parseBody(headers: Headers, bytes: Uint8Array): PushBody | undefined {
  const text = new TextDecoder().decode(bytes);
  const isForm = headers.get("content-type")?.startsWith("application/x-www-form-urlencoded");
  // `curl -d` says form whatever it sends.
  if (isForm === true && !text.trimStart().startsWith("{")) {
    return { path: new URLSearchParams(text).getAll("path") };
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as PushBody : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
