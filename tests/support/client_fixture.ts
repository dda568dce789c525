/** A client on a transport that answers as it is told, for tests of the requests it makes. */

import assert from "node:assert/strict";
import { createKubeClient } from "#lib/kube/client.ts";
import type { KubeClient, KubeClientOptions } from "#lib/kube/contract.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { ManualClock } from "#tests/support/clock.ts";
import { CapturedLog } from "#tests/support/log.ts";
import {
  type Answer,
  json,
  ScriptedTransport,
  type SeenRequest,
} from "#tests/support/scripted_transport.ts";

/** An object of a group, to read and write. */
export const DEPLOYMENT = {
  group: "apps",
  version: "v1",
  resource: "deployments",
  namespace: "n",
  name: "d",
} as const;

/** A collection. */
export const PODS = { group: "", version: "v1", resource: "pods", namespace: "n" } as const;
/** One of its objects. */
export const POD = { ...PODS, name: "p" } as const;

/** The client and what it stands on. */
export interface ClientFixture {
  readonly client: KubeClient;
  readonly transport: ScriptedTransport;
  readonly clock: ManualClock;
  readonly log: CapturedLog;
}

/** Answers in order, the last one again and again. */
export function fixtureOf(
  answers: readonly Answer[],
  options: Partial<KubeClientOptions> = {},
): ClientFixture {
  const clock = new ManualClock();
  const log = new CapturedLog();
  let next = 0;
  const transport = new ScriptedTransport(clock, () => {
    const answer = answers[Math.min(next++, answers.length - 1)];
    assert.ok(answer);
    return answer;
  });
  const scope = unrestricted();
  const client = createKubeClient({
    transport,
    scope,
    clock,
    logger: log,
    random: () => 0.5,
    ...options,
  });
  return { client, transport, clock, log };
}

/** The one request that was made. */
export function only(transport: ScriptedTransport): SeenRequest {
  assert.equal(transport.requests.length, 1);
  const [request] = transport.requests;
  assert.ok(request);
  return request;
}

/** Some object. */
export const OK: Answer = json({ apiVersion: "v1", kind: "X", metadata: { name: "x" } });
