/** What can be told from an object of the API as it is stored, and from the refusal to give it. Pure. */

import type { StoredObject } from "#lib/kube/config_object.ts";
import { KubeApiError } from "#lib/kube/mod.ts";

const POLL_MS = 30_000;

/** Whether two looks at an object saw the same. */
export function isSame(a: StoredObject, b: StoredObject | undefined): boolean {
  return b !== undefined && a.metadata.uid === b.metadata.uid &&
    a.metadata.resourceVersion === b.metadata.resourceVersion;
}

/** The watch may have brought a newer one than the list that was on its way. */
export function isOlder(a: StoredObject, b: StoredObject | undefined): boolean {
  const [first = "", second = ""] = [a.metadata.resourceVersion, b?.metadata.resourceVersion];
  const isNumber = (text: string) => /^[1-9]\d*$/.test(text);
  return a.metadata.uid === b?.metadata.uid && isNumber(first) && isNumber(second) &&
    BigInt(first) < BigInt(second);
}

/** Until the next look at an object that may not be watched: 30 s ±10 %. */
export function pollMs(): number {
  return POLL_MS * (0.9 + 0.2 * Math.random());
}

/** Whoever changes this annotation asks for a reload (reload.md 4.3). */
export function forceOf({ metadata }: StoredObject): string | undefined {
  return metadata.annotations?.["kcfg.dev/reload"];
}

/** Whether list and watch are denied, or the way to them is not there. */
export function isRefusal(err: unknown): boolean {
  return err instanceof KubeApiError && (err.status === 403 || err.status === 404);
}

/** Whether there is no such object. */
export function isMissing(err: unknown): boolean {
  return err instanceof KubeApiError && err.status === 404;
}

/** Why, in words. */
export function reasonOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
