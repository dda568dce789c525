/** An informer on a scripted collection with time moved by hand: what most fault tests start from. */

import { createKubeClient } from "#lib/kube/client.ts";
import type { Informer, InformerEvent, InformerOptions, KubeClient } from "#lib/kube/contract.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { CapturedLog } from "#tests/support/log.ts";
import { ScriptedCollection, stateOf } from "#tests/support/scripted_collection.ts";

/** The parts. */
export interface InformerFixture extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly server: ScriptedCollection;
  readonly client: KubeClient;
  readonly informer: Informer;
  readonly log: CapturedLog;
  /** Events so far, as `added a=1`, `deleted a`, `synced`, `error`. */
  readonly events: string[];
  /** What the store holds. */
  readonly state: () => Record<string, string>;
  /** Times of the watch requests, relative to the first one, ms. */
  readonly watchTimes: () => number[];
}

/** Makes an informer that has not started; `random` is 0 unless given. */
export function informerFixture(
  options: Partial<InformerOptions> = {},
  { random = () => 0 }: { readonly random?: () => number } = {},
): InformerFixture {
  const clock = new ManualClock();
  const log = new CapturedLog();
  const server = new ScriptedCollection(clock);
  const client = createKubeClient({
    transport: server.transport,
    scope: unrestricted(),
    clock,
    random,
    logger: log,
  });
  const informer = client.informer({ resource: CONFIG_MAPS, freeze: true, ...options });
  const events: string[] = [];
  informer.addHandler((event) => void events.push(formatEvent(event)));
  return {
    clock,
    server,
    client,
    informer,
    log,
    events,
    state: () => stateOf(informer.list()),
    watchTimes() {
      const times = server.transport.requests.filter(({ query }) => query.get("watch") === "true")
        .map(({ atMs }) => atMs);
      return times.map((time) => time - (times[0] ?? 0));
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Config maps of namespace `n`. */
export const CONFIG_MAPS = {
  group: "",
  version: "v1",
  resource: "configmaps",
  namespace: "n",
} as const;

/** An event in a few words. */
export function formatEvent(event: InformerEvent): string {
  if (event.type === "synced" || event.type === "error") return event.type;
  const { name } = event.object.metadata;
  if (event.type === "deleted") return `deleted ${name}`;
  return `${event.type} ${name}=${(event.object["data"] as { value: string }).value}`;
}
