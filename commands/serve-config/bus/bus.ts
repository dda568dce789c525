/** The message bus of the server: events become refreshes, a new subscription makes good what was missed. */

import type { CheckResult } from "#lib/http/admin.ts";
import type {
  Subscription,
  SubscriptionDeps,
  SubscriptionOptions,
} from "#lib/amqp/subscription.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { ConfigCache } from "../cache/cache.ts";
import type { Refresher } from "../refresh/refresher.ts";
import { parseBusEvent, refreshEvent } from "./event.ts";
import type { BusSettings } from "./flags.ts";

/** What the bus needs. */
export interface BusDeps {
  readonly refresher: Refresher;
  readonly cache: ConfigCache;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly podName: string | undefined;
  /** Subscribes; loads the package that speaks to brokers. */
  readonly subscribe: (
    options: SubscriptionOptions,
    deps: SubscriptionDeps,
  ) => Promise<Subscription>;
}

/** A bus that runs. */
export interface RunningBus {
  /** For readiness: a bus that is away is no reason to take traffic away. */
  check(): CheckResult;
  /** Tells everybody on the bus of a refresh, as soon as there is a connection. */
  publish(event: { readonly destination: string; readonly id: string }): void;
  /** Ends it; resolves when its connection is closed. */
  stop(): Promise<void>;
}

const MAX_SHOWN_CHARS = 200;

/** Starts consuming, in the background. */
export function startBus(settings: BusSettings, deps: BusDeps): RunningBus {
  const { refresher, cache, metrics, clock, log, random } = deps;
  const stopping = new AbortController();
  let subscription: Subscription | undefined;
  // As Spring names members: application, index, instance.
  const origin = `kcfg:0:${deps.podName ?? crypto.randomUUID().slice(0, 8)}`;

  function onMessage(body: Uint8Array): void {
    const event = parseBusEvent(body);
    if (event.kind === "malformed") {
      refresher.note("amqp", "malformed");
      log.warn("bus message cannot be read", { reason: event.reason, payload: shown(body) });
      return;
    }
    if (event.kind === "ignored") return refresher.note("amqp", "ignored");
    const { destination, id, origin } = event;
    const dropped = refresher.invalidate({ source: "amqp", target: { destination }, id });
    if (settings.debug) log.debug("bus event", { destination, id, origin, dropped });
    log.trace("bus payload", { payload: shown(body) });
  }

  /** Events may have been lost while there was no queue. */
  function onSubscribed(): void {
    if (settings.onSubscribe === "keep" || isEmpty(cache.keys())) return;
    if (settings.onSubscribe === "flush") cache.flush();
    // The peers too: a copy of ours made of an owner that has not heard would be out of date again.
    refresher.invalidate({ source: "amqp", target: { destination: "**" } });
  }

  const started = deps.subscribe({
    address: settings.address,
    exchange: settings.exchange,
    queuePrefix: settings.queuePrefix,
    consumerTag: deps.podName === undefined ? "kcfg" : `kcfg-${deps.podName}`,
  }, { clock, log, random, onMessage, onSubscribed, signal: stopping.signal }).then(
    (made) => void (subscription = made),
    (err) => log.error("bus cannot be used", { err }),
  );
  const number = (name: string, help: string, read: () => number) => ({
    name,
    help,
    collect: () => [{ labelValues: [], value: read() }],
  });
  metrics.gauge(number(
    "kcfg_amqp_connected",
    "Whether events of the bus arrive",
    () => subscription?.isConnected === true ? 1 : 0,
  ));
  metrics.counter(number(
    "kcfg_amqp_connects_total",
    "Subscriptions to the bus",
    () => subscription?.connects ?? 0,
  ));
  return {
    check() {
      if (subscription?.isConnected === true) return { status: "ok" };
      return { status: "warn", detail: subscription?.failure ?? "not connected yet" };
    },
    publish({ destination, id }) {
      const body = refreshEvent({ destination, id, origin, nowMs: clock.now() });
      void started.then(() => subscription?.publish(body));
    },
    async stop() {
      stopping.abort();
      await started;
      await subscription?.finished;
    },
  };
}

function shown(body: Uint8Array): string {
  return new TextDecoder().decode(body.subarray(0, 4 * MAX_SHOWN_CHARS)).slice(0, MAX_SHOWN_CHARS);
}

function isEmpty(keys: Iterable<string>): boolean {
  for (const _ of keys) return false;
  return true;
}
