/** Conditions of endpoints with what absence means filled in (resolve.md 5.2). */

import type { Conditions, RawConditions } from "./resolution.ts";
import type { WireEndpoint } from "./slices.ts";

/** Conditions as they came and as they count. */
export interface KnownConditions {
  readonly raw: RawConditions;
  readonly effective: Conditions;
}

/** Reads conditions; equal ones are one object, because a thousand endpoints have two or three of them. */
export function conditionReader(): (endpoint: WireEndpoint) => KnownConditions {
  const seen = new Map<number, KnownConditions>();
  return ({ conditions }) => {
    const { ready = null, serving = null, terminating = null } = conditions ?? {};
    const key = rank(ready) + 3 * rank(serving) + 9 * rank(terminating);
    let known = seen.get(key);
    if (known === undefined) {
      const raw = { ready, serving, terminating };
      known = { raw, effective: effective(raw) };
      seen.set(key, known);
    }
    return known;
  };
}

function rank(value: boolean | null): number {
  if (value === null) return 0;
  return value ? 2 : 1;
}

function effective({ ready, serving, terminating }: RawConditions): Conditions {
  const isReady = ready ?? true;
  return { ready: isReady, serving: serving ?? isReady, terminating: terminating ?? false };
}
