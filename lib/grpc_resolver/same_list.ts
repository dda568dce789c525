/** Whether two lists are the same: member by member, so that no text of a thousand endpoints is made to find out. */

import type { AddressList, ResolvedEndpoint } from "./resolution.ts";

/** Whether a channel gets the same: addresses alone count, in their order. */
export function haveSameAddresses(
  some: readonly ResolvedEndpoint[],
  others: readonly ResolvedEndpoint[],
): boolean {
  return some.length === others.length &&
    some.every(({ addresses }, at) => isEqual(addresses, others[at]?.addresses));
}

/** Whether everything that is known is the same. */
export function isSameList(list: AddressList, other: AddressList): boolean {
  return isEqual(list, other);
}

/** For trees of plain values. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isTree(a) || !isTree(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isEqual(a[key], b[key]));
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
