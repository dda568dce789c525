/** Whom to act as: flags before the kubeconfig's user. */

import { KubeConfigError } from "../errors.ts";
import type { Impersonation } from "./connection.ts";
import type { EntryReader } from "./entry_reader.ts";
import type { KubeFlags } from "./flags.ts";

/** `undefined` for nobody else. @throws {KubeConfigError} for attributes without a user */
export function impersonation(entry: EntryReader, flags: KubeFlags): Impersonation | undefined {
  const user = flags.as ?? entry.text("as");
  const uid = flags.asUid ?? entry.text("as-uid");
  const groups = flags.asGroups?.length ? flags.asGroups : entry.texts("as-groups");
  const extra = flags.asUserExtra?.length
    ? extraFromFlags(flags.asUserExtra)
    : entry.textLists("as-user-extra");
  if (user !== undefined) return { user, uid, groups, extra };
  if (uid === undefined && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw new KubeConfigError("Cannot impersonate: uid, groups or extra are given without a user");
}

function extraFromFlags(values: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const value of values) {
    const at = value.indexOf("=");
    if (at <= 0) throw new KubeConfigError(`Cannot use --as-user-extra "${value}": not key=value`);
    (extra[value.slice(0, at)] ??= []).push(value.slice(at + 1));
  }
  return extra;
}
