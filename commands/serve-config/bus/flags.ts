/** What can be said about the message bus (serve-config.md 2.1, 8), and how it is checked. */

import { boolFlag, choiceFlag, textFlag } from "#lib/cli/flag.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { parseAmqpUrl } from "#lib/amqp/url.ts";
import type { AmqpAddress } from "#lib/amqp/url.ts";

const BUS = "Bus";

/** Flags by name. */
export const BUS_FLAGS = {
  refresh: boolFlag({
    brief: "Consume refresh events of a message bus",
    category: BUS,
    default: "true",
    env: ["REFRESH"],
  }),
  "amqp-url": textFlag({
    brief: "The message bus",
    category: BUS,
    default: "amqp://guest:guest@rabbitmq:5672/",
    env: ["AMQP_URL"],
    placeholder: "URL",
    sensitive: "url",
  }),
  "amqp-exchange": textFlag({
    brief: "Topic exchange that carries the events",
    category: BUS,
    default: "springCloudBus",
    env: ["AMQP_EXCHANGE"],
    placeholder: "NAME",
  }),
  "amqp-queue-prefix": textFlag({
    brief: "Beginning of the name of this replica's queue",
    category: BUS,
    default: "config-event-queue",
    env: ["AMQP_QUEUE_PREFIX"],
    placeholder: "NAME",
  }),
  "amqp-on-subscribe": choiceFlag({
    brief:
      "What is kept after each subscription, for events may be lost before: stale asks the backend once for " +
      "each object, flush forgets all, keep trusts it",
    category: BUS,
    default: "stale",
    choices: ["stale", "flush", "keep"],
    env: ["AMQP_ON_SUBSCRIBE"],
  }),
  debug: boolFlag({
    brief: "Log each event of the bus at debug level",
    category: BUS,
    default: "true",
    env: ["DEBUG"],
  }),
} as const;

/** Checked options of the bus. */
export interface BusSettings {
  readonly address: AmqpAddress;
  readonly exchange: string;
  readonly queuePrefix: string;
  readonly onSubscribe: "stale" | "flush" | "keep";
  readonly debug: boolean;
}

/** Checks them; `undefined` when the bus is off. @throws {UsageError} */
export function toBusSettings(
  { values }: ResolvedFlags<typeof BUS_FLAGS>,
): BusSettings | undefined {
  if (!values.refresh) return undefined;
  const address = parseAmqpUrl(values["amqp-url"]);
  if (address === undefined) {
    throw new UsageError(
      "Option amqp-url: it is not of the form amqp://USER:PASSWORD@HOST:PORT/VHOST",
      [
        "set --refresh=false to do without a bus",
      ],
    );
  }
  return {
    address,
    exchange: values["amqp-exchange"],
    queuePrefix: values["amqp-queue-prefix"],
    onSubscribe: values["amqp-on-subscribe"],
    debug: values.debug,
  };
}
