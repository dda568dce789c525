/** What every request of one fake API server shares, and what is recorded of each. */

import type { Access } from "#tests/support/kube_server/access.ts";
import type { FaultScript } from "#tests/support/kube_server/faults.ts";
import type { JsonObject } from "#tests/support/kube_server/json.ts";
import type { World } from "#tests/support/kube_server/replace.ts";
import type { PodLogs } from "#tests/support/kube_server/pod_logs.ts";
import type { Target } from "#tests/support/kube_server/target.ts";
import type { Timers } from "#tests/support/kube_server/timers.ts";
import type { OpenWatch } from "#tests/support/kube_server/watches.ts";

/** A request as it was seen. */
export interface RecordedRequest {
  readonly method: string;
  /** Without prefix and query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly rawTarget: string;
  /** Lines as sent, in their order. */
  readonly headerLines: readonly (readonly [string, string])[];
  readonly httpVersion: "1.1" | "2";
  readonly target: Target;
  /** Milliseconds of `performance.now()`. */
  readonly atMs: number;
  /** Empty until it was read, and for requests without one. */
  readonly body: string;
  /** Status answered so far; 0 before the headers. */
  readonly status: number;
}

/** Everything a request may touch. */
export interface ServerState {
  readonly world: World;
  readonly access: Access;
  readonly faults: FaultScript;
  readonly timers: Timers;
  readonly logs: PodLogs;
  readonly watches: Set<OpenWatch>;
  readonly requests: RecordedRequest[];
  readonly brokenGroups: Set<string>;
  readonly hasAggregatedDiscovery: boolean;
  readonly pathPrefix: string;
  version: JsonObject;
  readonly maxBufferedBytes: number;
}
