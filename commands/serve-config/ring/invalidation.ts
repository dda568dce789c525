/** The message by which replicas of kcfg tell one another of invalidations (serve-config.md 6.5). */

import * as v from "valibot";

/** What is to be dropped: what `destination` matches, and `keys`. Neither is a greeting. */
export interface Invalidation {
  readonly id: string;
  readonly destination?: string | undefined;
  readonly keys: readonly string[];
}

/** Largest message. */
export const MAX_INVALIDATION_BYTES = 4 * 1024 * 1024;

const Schema = v.object({
  id: v.string(),
  destination: v.optional(v.string()),
  keys: v.optional(v.array(v.string()), []),
});

/** Reads it; `undefined` when it is none. */
export function parseInvalidation(bytes: Uint8Array): Invalidation | undefined {
  try {
    const result = v.safeParse(Schema, JSON.parse(new TextDecoder().decode(bytes)));
    return result.success ? result.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
