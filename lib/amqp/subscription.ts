/**
 * A subscription to a topic exchange that survives its broker (serve-config.md 8): own queue, reconnect with
 * backoff for every kind of failure, never fatal. The only file that knows amqplib; import it where it is used.
 */

import { type Channel, type ChannelModel, connect } from "amqplib";
import type { Logger } from "#lib/log/logger.ts";
import { Backoff } from "#lib/run/backoff.ts";
import { sleep } from "#lib/run/clock.ts";
import type { Clock } from "#lib/run/clock.ts";
import { untilAborted } from "#lib/run/until_aborted.ts";
import { Outbox } from "./outbox.ts";
import { uniqueId } from "./unique_id.ts";
import type { AmqpAddress } from "./url.ts";

/** What to subscribe to. */
export interface SubscriptionOptions {
  readonly address: AmqpAddress;
  /** Durable topic exchange, declared if it is not there. */
  readonly exchange: string;
  /** The queue is called this, a dot, and an id that is new at each connection. */
  readonly queuePrefix: string;
  readonly consumerTag: string;
}

/** What the subscription needs and whom it tells. */
export interface SubscriptionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  /** Called for each message, in order. */
  onMessage(body: Uint8Array): void;
  /** Called after each subscription, the first included, before any message of it. */
  onSubscribed(): void;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
}

/** A subscription. */
export interface Subscription {
  /** Whether messages arrive now. */
  readonly isConnected: boolean;
  /** Successful subscriptions so far. */
  readonly connects: number;
  /** Why it is not connected, when it failed last. */
  readonly failure: string | undefined;
  /** Sends JSON to the exchange, as soon as there is a connection. */
  publish(body: Uint8Array): void;
  /** Resolves when it has ended and its connection is closed. */
  readonly finished: Promise<void>;
}

const DIAL_TIMEOUT_MS = 10_000;
const HEARTBEAT_S = 10;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;
/** After so long a session the next failure counts as the first. */
const HEALTHY_MS = 60_000;
const REPORT_MS = 60_000;
const CLOSE_MS = 2000;
const MAX_BODY_BYTES = 1024 * 1024;

/** Subscribes until `deps.signal` is aborted. */
export function subscribe(options: SubscriptionOptions, deps: SubscriptionDeps): Subscription {
  const { clock, log, random, signal } = deps;
  const { hostname, port } = options.address;
  const where = { broker: `${hostname}:${port}`, exchange: options.exchange };
  const outbox = new Outbox({ exchange: options.exchange, contentType: "application/json" }, {
    log,
  });
  const state = { isConnected: false, connects: 0, failure: undefined as string | undefined };

  async function run(): Promise<void> {
    const backoff = new Backoff({ initialMs: FIRST_RETRY_MS, maxMs: LAST_RETRY_MS, random });
    let reportedAt = -Infinity;
    while (!signal.aborted) {
      let subscribedAt = Infinity;
      try {
        await session(options, deps, (channel) => {
          outbox.open(channel);
          subscribedAt = clock.monotonic();
          state.isConnected = true;
          state.failure = undefined;
          state.connects += 1;
          log.info("bus connected", where);
          deps.onSubscribed();
        });
        return;
      } catch (err) {
        outbox.close();
        state.isConnected = false;
        if (signal.aborted) return;
        state.failure = err instanceof Error ? err.message : String(err);
        const now = clock.monotonic();
        if (now - subscribedAt >= HEALTHY_MS) backoff.reset();
        const retryMs = Math.round(backoff.next());
        if (now - reportedAt >= REPORT_MS || subscribedAt < Infinity) {
          reportedAt = now;
          log.warn("bus is not connected", { ...where, retryMs, err });
        }
        await sleep(retryMs, { clock, signal }).catch(() => {
          // Told to stop.
        });
      }
    }
  }

  const finished = run().finally(() => state.isConnected = false);
  return {
    get isConnected() {
      return state.isConnected;
    },
    get connects() {
      return state.connects;
    },
    get failure() {
      return state.failure;
    },
    publish: (body) => outbox.add(body),
    finished,
  };
}

/** One connection. Resolves when told to stop. @throws {Error} when the broker ends it, or refuses something */
async function session(
  options: SubscriptionOptions,
  { clock, log, onMessage, signal }: SubscriptionDeps,
  onReady: (channel: Channel) => void,
): Promise<void> {
  const ended = Promise.withResolvers<never>();
  // Whoever waits may not wait yet when it fails.
  ended.promise.catch(() => {
    // Handled by the race below.
  });
  const connection = await dial(options, signal);
  try {
    const fail = (what: string) => (error?: Error) =>
      ended.reject(error ?? new Error(`The broker ended the ${what}`));
    connection.on("error", fail("connection"));
    connection.on("close", fail("connection"));
    const stopped = Promise.withResolvers<void>();
    const onAbort = () => stopped.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      const consuming = (async () => {
        const channel = await connection.createChannel();
        channel.on("error", fail("channel"));
        channel.on("close", fail("channel"));
        await consume(channel, options, {
          queueId: uniqueId(clock.now()),
          onCancelled: () => ended.reject(new Error("The broker cancelled the consumer")),
          onBody(body) {
            if (body.length <= MAX_BODY_BYTES) return onMessage(body);
            log.warn("bus message is too large and was dropped", { bytes: body.length });
          },
          onReady: () => onReady(channel),
        });
      })();
      await Promise.race([consuming, ended.promise, stopped.promise]);
      await Promise.race([ended.promise, stopped.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  } finally {
    await close(connection, clock);
  }
}

/** Connects. @throws the reason of `signal` at once, however long the broker says nothing */
async function dial(
  { address: { tls, hostname, port, username, password, vhost } }: SubscriptionOptions,
  signal: AbortSignal,
): Promise<ChannelModel> {
  signal.throwIfAborted();
  const connecting = connect({
    protocol: tls ? "amqps" : "amqp",
    hostname,
    port,
    username,
    password,
    // The package decodes it once more.
    vhost: encodeURIComponent(vhost),
    locale: "en_US",
    heartbeat: HEARTBEAT_S,
  }, { timeout: DIAL_TIMEOUT_MS, noDelay: true });
  // The package cannot be told to give up; what comes too late is closed.
  return await untilAborted(connecting, signal, (late) => {
    late.close().catch(() => {
      // It has failed by itself.
    });
  });
}

async function consume(
  channel: Channel,
  { exchange, queuePrefix, consumerTag }: SubscriptionOptions,
  { queueId, onBody, onCancelled, onReady }: {
    readonly queueId: string;
    readonly onBody: (body: Uint8Array) => void;
    readonly onCancelled: () => void;
    readonly onReady: () => void;
  },
): Promise<void> {
  await channel.assertExchange(exchange, "topic", {
    durable: true,
    autoDelete: false,
    internal: false,
  });
  const { queue } = await channel.assertQueue(`${queuePrefix}.${queueId}`, {
    durable: false,
    autoDelete: true,
    exclusive: true,
  });
  await channel.bindQueue(queue, exchange, "#");
  // Messages may come before the answer to `consume`; nothing of them counts before `onReady`.
  const early: Uint8Array[] = [];
  let isReady = false;
  await channel.consume(queue, (message) => {
    if (message === null) return onCancelled();
    if (isReady) onBody(message.content);
    else early.push(message.content);
  }, { consumerTag, noAck: true, exclusive: false, noLocal: false });
  isReady = true;
  onReady();
  for (const body of early) onBody(body);
}

/** Closes politely, for a while. */
async function close(connection: ChannelModel, clock: Clock): Promise<void> {
  const giveUp = new AbortController();
  await Promise.race([
    connection.close().catch(() => {
      // It was closed already.
    }),
    sleep(CLOSE_MS, { clock, signal: giveUp.signal }).catch(() => {
      // Closed in time.
    }),
  ]);
  giveUp.abort();
}
