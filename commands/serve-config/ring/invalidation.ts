/** The message by which replicas of kcfg tell one another of invalidations (serve-config.md 6.5). */

import * as v from "valibot";
import { readBody } from "#lib/http/read_body.ts";

/** What is to be dropped: what `destination` matches, and `keys`. Neither is a greeting. */
export interface Invalidation {
  readonly id: string;
  readonly destination?: string | undefined;
  readonly keys: readonly string[];
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;

const Schema = v.object({
  id: v.string(),
  destination: v.optional(v.string()),
  keys: v.optional(v.array(v.string()), []),
});

/** Reads it; `undefined` when the body is none or too large. */
export async function readInvalidation(request: Request): Promise<Invalidation | undefined> {
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (bytes === undefined) return undefined;
  try {
    const result = v.safeParse(Schema, JSON.parse(new TextDecoder().decode(bytes)));
    return result.success ? result.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
