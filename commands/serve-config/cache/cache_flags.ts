/** What can be said about what is kept, for how long, and how much at once (serve-config.md 2.1, 2.2, 5, 14.13). */

import { boolFlag, durationFlag, numberFlag } from "#lib/cli/flag.ts";
import type { Flag } from "#lib/cli/flag.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";

/** Flags by name. */
export const CACHE_FLAGS = {
  cache: boolFlag({
    brief: "Keep loaded objects; without it every request goes to the backend",
    category: "Cache",
    default: "true",
    env: ["CACHE"],
  }),
  ttl: durationFlag({
    brief: "How long an object is served without asking again, 0 for ever",
    category: "Cache",
    default: "0",
    env: ["TTL"],
  }),
  "ttl-jitter": numberFlag({
    brief: "Fraction by which the time to live is shortened at random, 0 to 0.5",
    category: "Cache",
    default: "0",
    min: 0,
    max: 0.5,
    fraction: true,
    env: ["TTL_JITTER"],
  }),
  "error-ttl": durationFlag({
    brief:
      "How long the backend is not asked again for an absent object (below 5s: nor after a failure)",
    category: "Cache",
    default: "0",
    minMs: 0,
    env: ["CACHE_ERROR_TTL"],
  }),
  "stale-if-error": durationFlag({
    brief: "How long the last answer stands in for a failing backend, 0 for not at all",
    category: "Cache",
    default: "1h",
    minMs: 0,
    env: ["STALE_IF_ERROR"],
  }),
  "stale-while-revalidate": durationFlag({
    brief:
      "How long an expired object is answered at once while it is loaded again, 0 for not at all",
    category: "Cache",
    default: "0",
    minMs: 0,
    env: ["STALE_WHILE_REVALIDATE"],
  }),
  "cache-bytes": bytesFlag("Bytes that keys and objects may take", "67108864", [
    "CACHE_BYTES",
    "GROUPCACHE_SIZE_BYTES",
  ]),
  "max-object-bytes": bytesFlag("Largest object that is served", "8388608", ["MAX_OBJECT_BYTES"]),
  "max-inflight": numberFlag({
    brief: "Most requests waiting for a load at once; more are answered with 503",
    category: "Limits",
    default: "1024",
    min: 1,
    max: 1_000_000,
    env: ["MAX_INFLIGHT"],
  }),
  "max-backend-inflight": numberFlag({
    brief: "Most loads at once; more wait their turn",
    category: "Limits",
    default: "64",
    min: 1,
    max: 100_000,
    env: ["MAX_BACKEND_INFLIGHT"],
  }),
} as const;

/** Checked options. Times in milliseconds, sizes in bytes. */
export interface CacheSettings {
  readonly cache: {
    readonly enabled: boolean;
    /** `undefined` for entries that never expire. */
    readonly ttlMs: number | undefined;
    readonly ttlJitter: number;
    readonly budgetBytes: number;
    /** How long failures are remembered; 0 for not at all. */
    readonly errorTtlMs: number;
    readonly staleIfErrorMs: number;
    readonly staleWhileRevalidateMs: number;
  };
  readonly maxObjectBytes: number;
  readonly maxInflight: number;
  readonly maxBackendInflight: number;
}

/** Takes them together. */
export function toCacheSettings({ values }: ResolvedFlags<typeof CACHE_FLAGS>): CacheSettings {
  return {
    cache: {
      enabled: values.cache,
      ttlMs: values.ttl === 0 ? undefined : values.ttl,
      ttlJitter: values["ttl-jitter"],
      budgetBytes: values["cache-bytes"],
      errorTtlMs: values["error-ttl"],
      staleIfErrorMs: values["stale-if-error"],
      staleWhileRevalidateMs: values["stale-while-revalidate"],
    },
    maxObjectBytes: values["max-object-bytes"],
    maxInflight: values["max-inflight"],
    maxBackendInflight: values["max-backend-inflight"],
  };
}

function bytesFlag(brief: string, bytes: string, env: readonly string[]): Flag<number> {
  return numberFlag({
    brief,
    category: "Limits",
    default: bytes,
    placeholder: "BYTES",
    min: 1,
    max: 2 ** 40,
    env,
  });
}
