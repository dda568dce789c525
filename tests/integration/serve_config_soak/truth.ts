/**
 * What is true in a soak of serve-config: a backend whose objects have versions and which fails on demand, and for
 * each object the version below which no answer may fall that does not say that it is out of date.
 */

import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Ways in which the backend fails. */
export type BackendFault = "error" | "hang" | "cut" | "reset";

const APPS = ["orders", "billing", "stock", "users", "mail"];
const PROFILES = ["dev", "qa", "prod", "it"];

/** An answer as a client saw it. */
export interface SeenAnswer {
  readonly key: string;
  readonly status: number;
  readonly body: string;
  readonly cacheStatus: string;
  /** Of `floorOf` when the request was sent. */
  readonly floor: number;
}

/** Starts the backend. */
export async function startTruth(): Promise<Truth> {
  const truth = new Truth();
  await truth.open();
  return truth;
}

/** The truth. `await using` stops the backend. */
export class Truth implements AsyncDisposable {
  readonly #versions = new Map<string, number>();
  readonly #floors = new Map<string, number>();
  readonly #server: Server;
  #fault: BackendFault | undefined;
  /** Requests that the backend answered or failed. */
  asked = 0;

  /** Use `startTruth`. */
  constructor() {
    for (const key of this.keys()) this.#versions.set(key, 1);
    this.#server = createServer(({ url = "" }, response) => {
      this.asked += 1;
      this.#answer(decodeURIComponent(url), response);
    });
  }

  /** Listens; called by `startTruth`. */
  async open(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Base URL of the backend. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Applications. */
  get apps(): readonly string[] {
    return APPS;
  }

  /** All objects, or those of one application. */
  keys(app?: string): readonly string[] {
    const apps = app === undefined ? APPS : [app];
    return apps.flatMap((name) => PROFILES.map((profile) => `/${name}-${profile}.yml`));
  }

  /** Makes the backend fail, or work again. */
  set fault(fault: BackendFault | undefined) {
    this.#fault = fault;
  }

  /** Changes all objects of an application. */
  change(app: string): void {
    for (const key of this.keys(app)) this.#versions.set(key, this.versionOf(key) + 1);
  }

  /** Newest version. */
  versionOf(key: string): number {
    return this.#versions.get(key) ?? 0;
  }

  /** Least version that a request sent now may be answered with. */
  floorOf(key: string): number {
    return this.#floors.get(key) ?? 0;
  }

  /** From now on the newest versions of an application are the least. */
  acknowledge(app: string): void {
    for (const key of this.keys(app)) this.#floors.set(key, this.versionOf(key));
  }

  /** What is wrong with an answer; `undefined` when nothing is. A 502 is for the caller to judge. */
  verdict({ key, status, body, cacheStatus, floor }: SeenAnswer): string | undefined {
    if (status === 502) return undefined;
    if (status !== 200) return `${key}: status ${status} "${body}"`;
    const [, ofKey, version] = /^(.*)@(\d+)\n$/.exec(body) ?? [];
    if (ofKey !== key) return `${key}: body "${body}"`;
    if (Number(version) > this.versionOf(key)) return `${key}: version ${version} from nowhere`;
    if (Number(version) >= floor || cacheStatus.includes("stale-if-error")) return undefined;
    return `${key}: version ${version} after ${floor} was acknowledged (${cacheStatus})`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(key: string, response: ServerResponse): void {
    const body = `${key}@${this.versionOf(key)}\n`;
    switch (this.#fault) {
      case "error":
        response.writeHead(500).end("no");
        return;
      case "hang":
        // Until whoever asked gives up.
        return;
      case "cut":
        response.writeHead(200, { "content-length": body.length });
        response.write(body.slice(0, 3), () => response.destroy());
        return;
      case "reset":
        response.destroy();
        return;
      case undefined:
        response.end(body);
    }
  }
}
