/** The options that every door of the library takes (resolve.md 9), and what the engine makes of them. */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { hostVariable } from "./host.ts";
import type { EngineOptions } from "./resolver.ts";

/** How targets are resolved. Everything has a default. */
export interface LibraryOptions {
  /** What a number in a target is: the pod's port (`literal`, default), the Service's, or the one that exists. */
  readonly portMode?: "literal" | "service" | "auto" | undefined;
  /** `auto` (default): a pod with both families is one endpoint with two addresses. */
  readonly family?: "auto" | "ipv4" | "ipv6" | "separate" | undefined;
  /** Whether endpoints that are shutting down serve when no other does; true by default. */
  readonly terminatingFallback?: boolean | undefined;
  /** Keep to the endpoints that hints mean for this place; `off` by default. */
  readonly topology?: "off" | "zone" | "node" | "auto" | undefined;
  /** Zone of this process; the variable `KCFG_ZONE` by default. */
  readonly zone?: string | undefined;
  /** Node of this process; the variable `NODE_NAME` by default. */
  readonly node?: string | undefined;
  /** `auto` (default): EndpointSlices, or Endpoints where slices are refused. */
  readonly source?: "auto" | "endpointslices" | "endpoints" | undefined;
  /** Milliseconds between consistency re-lists, ±10 %; 1,800,000 by default, 0 for none. */
  readonly resyncPeriodMs?: number | undefined;
  /** Warnings and errors go to stderr by default. */
  readonly logger?: Logger | undefined;
  /** Time; the system's by default. */
  readonly clock?: Clock | undefined;
}

/** The same as the engine takes them. */
export function toEngineOptions(options: LibraryOptions): EngineOptions {
  const { portMode, family, terminatingFallback, source, resyncPeriodMs } = options;
  const { topology: mode = "off" } = options;
  return {
    ...{ portMode, family, terminatingFallback, source, resyncPeriodMs },
    topology: mode === "off" ? undefined : {
      mode,
      zone: options.zone ?? hostVariable("KCFG_ZONE"),
      node: options.node ?? hostVariable("NODE_NAME"),
    },
  };
}
