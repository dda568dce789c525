/** What one replica asks another: objects, deletions, invalidations (serve-config.md 6.3 to 6.6). */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { OwnerAnswer } from "../cache/cache_result.ts";
import { createEntry } from "../cache/entry.ts";
import type { SpreadEvent } from "../refresh/refresher.ts";
import type { LoadFailure, LoadRequest } from "../upstream/upstream.ts";
import { Liveness } from "./liveness.ts";
import type { PeerSecret } from "./peer_secret.ts";
import type { Peer } from "./peer_set.ts";
import type { PeerAnswer, PeerRequest, PeerTransport } from "./peer_transport.ts";
import {
  BACKEND_STATUS_HEADER,
  INVALIDATE_TARGET,
  KCFG_HEADER,
  PING_TARGET,
  REJECTED_HEADER,
  targetOf,
} from "./target.ts";
import { decodeMessage, DialectError } from "./wire.ts";
import type { PeerMessage } from "./wire.ts";

/** Prefix of the headers of a client that an owner passes on to the backend. */
export const FORWARD_PREFIX = "x-kcfg-forward-";
/** Body by which an owner that is kcfg says that the object is too large. */
export const TOO_LARGE_BODY = "backend object too large";

/** What the client needs. */
export interface PeerClientDeps {
  readonly transport: PeerTransport;
  readonly secret: PeerSecret | undefined;
  /** Headers of the trace that the request belongs to. */
  readonly traceHeaders?: (() => Readonly<Record<string, string>>) | undefined;
  /** Runs a call in a span of the trace that it belongs to. */
  readonly traceCall?: (<T>(name: string, call: () => Promise<T>) => Promise<T>) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Clocks further apart make objects of peers look expired. */
const MAX_SKEW_MS = 5000;
const SKEW_REPORT_MS = 60_000;

/** Asks peers. */
export class PeerClient {
  readonly #deps: PeerClientDeps;
  readonly #liveness: Liveness;
  readonly #strangers = new WeakSet<Peer>();
  #skewReportedAt = -Infinity;

  constructor(deps: PeerClientDeps) {
    this.#deps = deps;
    // Any group will do that no replica has; all of them answer at once that they have not.
    const ping = { method: "GET", target: PING_TARGET, headers: {}, isApart: true } as const;
    this.#liveness = new Liveness({
      clock: deps.clock,
      async ask(peer, signal) {
        const signed = await signedBy(deps.secret, { ...ping, signal });
        learnFrom(peer, await deps.transport.request(peer.url, signed));
      },
    });
  }

  /** Whether a peer is to be asked for objects. One that is not is looked after in the background. */
  isReachable(peer: Peer): boolean {
    if (!peer.circuit.isOpen) return true;
    this.#liveness.lookAfter(peer);
    return false;
  }

  /**
   * The object of a key from its owner; `undefined` for an answer that says nothing about the object.
   *
   * @throws {Error} when there was no usable answer
   */
  async fetch(
    peer: Peer,
    key: string,
    { signal, headers = [] }: { readonly signal: AbortSignal } & LoadRequest,
  ): Promise<OwnerAnswer> {
    const forwarded = headers.map(([name, value]) => [FORWARD_PREFIX + name, value]);
    const answer = await this.#send(peer, {
      method: "GET",
      target: targetOf(key),
      headers: Object.fromEntries(forwarded),
      signal,
    });
    if (answer.status !== 200) return failureOf(answer, { isKcfg: peer.isKcfg === true });
    return await this.#entryOf(peer, this.#decode(peer, answer.bytes));
  }

  /** Removes a key from a peer. @throws {Error} when it could not be told */
  async delete(peer: Peer, key: string): Promise<void> {
    const { status } = await this.#send(peer, {
      method: "DELETE",
      target: targetOf(key),
      headers: {},
    });
    if (status !== 200) throw new Error(`The peer answered ${status}`);
  }

  /**
   * Tells a peer of an invalidation.
   *
   * @returns whether it understood, which a replaced program does not
   * @throws {Error} when it could not be told
   */
  async invalidate(
    peer: Peer,
    { id, origin, destination, keys }: SpreadEvent & { readonly origin: string },
  ): Promise<boolean> {
    // A destination says more than the keys that are held here.
    const what = destination === undefined ? { keys } : { destination };
    const { status } = await this.#send(peer, {
      method: "POST",
      target: INVALIDATE_TARGET,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id, origin, ...what }),
    });
    if (status === 204) return true;
    if (peer.isKcfg === false && status === 404) return false;
    throw new Error(`The peer answered ${status}`);
  }

  async #send(peer: Peer, request: PeerRequest): Promise<PeerAnswer> {
    const { traceCall } = this.#deps;
    const call = () => this.#exchange(peer, request);
    return await (traceCall === undefined ? call() : traceCall(`HTTP ${request.method}`, call));
  }

  async #exchange(peer: Peer, request: PeerRequest): Promise<PeerAnswer> {
    const { transport, secret, traceHeaders } = this.#deps;
    const silence = new AbortController();
    const signals = request.signal === undefined ? [] : [request.signal];
    const signed = await signedBy(secret, {
      ...request,
      headers: { ...request.headers, ...traceHeaders?.() },
      signal: AbortSignal.any([...signals, silence.signal]),
    });
    using _ = this.#liveness.watch(
      peer,
      () => silence.abort(new Error("The peer gives no sign of life")),
    );
    try {
      const answer = await transport.request(peer.url, signed);
      peer.circuit.succeeded();
      learnFrom(peer, answer);
      return answer;
    } catch (error) {
      // Who gave up is no fault of the peer.
      if (request.signal?.aborted !== true) peer.circuit.failed();
      throw error;
    }
  }

  async #entryOf(peer: Peer, { value, expiresAtMs, meta }: PeerMessage): Promise<OwnerAnswer> {
    const nowMs = this.#deps.clock.now();
    if (meta === undefined) {
      if (expiresAtMs !== undefined && expiresAtMs < nowMs) {
        throw new Error("The object of the peer had expired already");
      }
      return {
        kind: "entry",
        entry: await createEntry(value, { loadedAtMs: nowMs, expiresAtMs }),
      };
    }
    if (meta.rem !== undefined && expiresAtMs !== undefined && meta.stale !== true) {
      this.#reportSkew(peer, expiresAtMs - nowMs - meta.rem);
    }
    // What is left of its life does not depend on whose clock is right.
    const times = {
      loadedAtMs: Math.min(meta.at, nowMs),
      expiresAtMs: meta.rem === undefined ? undefined : nowMs + meta.rem,
    };
    const entry = await createEntry(value, times, {
      contentType: meta.ct,
      lastModifiedMs: meta.lm,
    });
    if (meta.stale === true) entry.refreshedAtMs = nowMs;
    return { kind: meta.stale === true ? "stale" : "entry", entry };
  }

  /** Says once of each peer that it belongs to another kind of ring: nobody finds that out by its errors. */
  #decode(peer: Peer, bytes: Uint8Array): PeerMessage {
    try {
      return decodeMessage(bytes);
    } catch (err) {
      if (err instanceof DialectError && !this.#strangers.has(peer)) {
        this.#strangers.add(peer);
        this.#deps.log.warn("peer cannot share this ring", { peer: peer.url, err });
      }
      throw err;
    }
  }

  #reportSkew(peer: Peer, skewMs: number): void {
    const now = this.#deps.clock.monotonic();
    if (Math.abs(skewMs) <= MAX_SKEW_MS || now - this.#skewReportedAt < SKEW_REPORT_MS) return;
    this.#skewReportedAt = now;
    this.#deps.log.warn("clock of a peer differs", {
      peer: peer.url,
      aheadMs: Math.round(skewMs),
    });
  }
}

/** Which dialect a peer speaks is said by each of its answers. */
function learnFrom(peer: Peer, { headers }: PeerAnswer): void {
  peer.isKcfg = headers[KCFG_HEADER] !== undefined;
}

async function signedBy(
  secret: PeerSecret | undefined,
  request: PeerRequest,
): Promise<PeerRequest> {
  const authorization = await secret?.sign(request.method, request.target);
  return {
    ...request,
    headers: {
      ...request.headers,
      [KCFG_HEADER]: "1",
      ...(authorization !== undefined && { authorization }),
    },
  };
}

/** What a status says about the object; `undefined` when it says nothing. */
function failureOf(
  { status, headers, bytes }: PeerAnswer,
  { isKcfg }: { readonly isKcfg: boolean },
): LoadFailure | undefined {
  const text = new TextDecoder().decode(bytes.subarray(0, 500)).trim();
  if (isKcfg) {
    const backend = Number(headers[BACKEND_STATUS_HEADER] ?? NaN);
    if (Number.isNaN(backend)) throw new Error(`The peer answered ${status}`);
    if (headers[REJECTED_HEADER] !== undefined) {
      const body = new TextDecoder().decode(bytes);
      return { kind: "rejected", status, body, contentType: headers["content-type"] ?? "" };
    }
    if (status === 404) return { kind: "missing" };
    if (text === TOO_LARGE_BODY) return { kind: "too-large" };
    return { kind: "failed", status: backend, reason: `From its owner: ${text}` };
  }
  // compat: of the replaced program's errors only "not there" is worth believing.
  if (status === 500 && /^backendError: status:404 /.test(text)) return { kind: "missing" };
  throw new Error(`The peer answered ${status}`);
}
