/**
 * The ring of a soak: one process that lives through it, one that is killed and stopped, one replica in the process
 * of the test, where timers can be counted; between them and the broker and the API server relays that break.
 */

import type { ControlPlane } from "#tests/support/control_plane.ts";
import { CountingClock } from "#tests/support/counting_clock.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startFaultyBackend } from "#tests/support/faulty_backend.ts";
import type { FaultyBackend } from "#tests/support/faulty_backend.ts";
import { startRabbitMq } from "#tests/support/rabbitmq.ts";
import type { RabbitMq } from "#tests/support/rabbitmq.ts";
import { startRelay } from "#tests/support/relay.ts";
import type { Relay } from "#tests/support/relay.ts";
import { startReplica } from "#tests/support/replicas.ts";
import type { Replica } from "#tests/support/replicas.ts";
import {
  identityOf,
  loopbackAddresses,
  memberPorts,
  ringPods,
  startMember,
} from "#tests/support/ring_members.ts";
import type { Member, MemberOptions } from "#tests/support/ring_members.ts";
import { Truth } from "./truth.ts";

/** Long enough for a busy machine, as the soak must not fail because others work too. */
export const BACKEND_TIMEOUT_MS = 3000;

/** Somebody who answers clients. */
export interface Asked {
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** Everything that a soak plays with. */
export interface World extends AsyncDisposable {
  readonly truth: Truth;
  readonly backend: FaultyBackend;
  readonly broker: RabbitMq;
  readonly brokerRelay: Relay;
  readonly apiRelay: Relay;
  readonly clock: CountingClock;
  /** Lives from beginning to end. */
  readonly steady: Member;
  /** In this process. */
  readonly inner: Replica;
  /** The one that is killed; replaced by `restart`. */
  victim(): Member;
  /** Starts the victim again after it was killed. */
  restart(): Promise<void>;
}

/** Starts all of it. */
export async function startWorld(plane: ControlPlane): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const truth = new Truth();
  const backend = stack.use(await startFaultyBackend((key) => truth.contentOf(key)));
  const broker = stack.use(await startRabbitMq());
  const brokerRelay = stack.use(await startRelay({ port: broker.port }));
  const apiRelay = stack.use(await startRelay({ port: Number(new URL(plane.url).port) }));
  const addresses = loopbackAddresses();
  const pods = stack.use(await ringPods(plane.admin, addresses));
  const api = new URL(plane.url);
  api.port = String(apiRelay.port);
  const common = {
    backend: backend.url,
    "backend-timeout": `${BACKEND_TIMEOUT_MS}ms`,
    "amqp-url": `amqp://guest:guest@127.0.0.1:${brokerRelay.port}/`,
    server: api.href.replace(/\/$/, ""),
    "tls-server-name": api.hostname,
    "log-level": "warn",
  };
  const options: MemberOptions = {
    pods,
    kubeconfig: plane.kubeconfigPath,
    ports: memberPorts(),
    flags: Object.entries(common).map(([name, value]) => `--${name}=${value}`),
  };
  const [first, second, third] = addresses;
  const clock = new CountingClock();
  const steady = stack.use(startMember(first, options));
  let victim = startMember(second, options);
  stack.defer(() => victim[Symbol.asyncDispose]());
  const inner = stack.use(
    await startReplica(
      {
        ...common,
        kubeconfig: plane.kubeconfigPath,
        "groupcache-host": third,
        "groupcache-port": `:${options.ports.ring}`,
        "peer-discovery": "kubernetes",
        "peer-debounce": "50ms",
        refresh: "true",
      },
      identityOf(third, options),
      { clock },
    ),
  );
  await Promise.all([steady.ready(), victim.ready()]);
  await eventually("all know each other and the bus", async () => {
    const states = await Promise.all([steady, victim, inner].map(async (one) => [
      await one.metric("kubegroup_peers"),
      await one.metric("kcfg_amqp_connected"),
    ]));
    return states.every(([peers, connected]) => peers === 3 && connected === 1);
  }, { withinMs: 4900 });
  const owned = stack.move();
  return {
    ...{ truth, backend, broker, brokerRelay, apiRelay, clock, steady, inner },
    victim: () => victim,
    async restart() {
      await victim[Symbol.asyncDispose]();
      victim = startMember(second, options);
      await victim.ready();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
