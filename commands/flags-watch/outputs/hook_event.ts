/** What hooks are told (flags-watch.md 8.2, 8.3). */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { FlagUpdate } from "#lib/flags/flag_set_contract.ts";
import { changeBodies, type ChangeBody, updateBody } from "#lib/flags/wire.ts";
import type { Clock } from "#lib/run/clock.ts";

/** The body for hooks: an update with full changes. */
export interface HookEvent {
  readonly seq: number;
  readonly changed: readonly string[];
  readonly rejected: readonly { readonly name: string; readonly error: string }[];
  readonly checksum: string;
  /** One for each changed flag, from the value before the first merged update to the one now. */
  readonly changes: readonly ChangeBody[];
}

/** What hooks are told at the start, when that is wanted. */
export function startEvent(flags: FlagSet): HookEvent {
  return { seq: flags.seq, changed: [], rejected: [], checksum: flags.checksum(), changes: [] };
}

/** What hooks are told of an update. */
export function eventOf(
  flags: FlagSet,
  update: FlagUpdate,
  { clock, withSecrets }: { readonly clock: Clock; readonly withSecrets: boolean },
): HookEvent {
  const changes = changeBodies(flags, update, clock.now());
  if (!withSecrets) return { ...updateBody(flags, update), changes };
  const open = changes.map((body, at) => {
    const change = update.changes[at];
    const type = flags.get(body.name)?.type;
    if (change === undefined || type === undefined) return body;
    return {
      ...body,
      old: type.toJson(change.old),
      new: type.toJson(change.new),
      oldString: change.oldText,
      newString: change.newText,
    };
  });
  return { ...updateBody(flags, update), changes: open };
}

/** One event for two: a flag's first old value and its last new one. */
export function mergeEvents(first: HookEvent, second: HookEvent): HookEvent {
  const changes = new Map(first.changes.map((change) => [change.name, change]));
  for (const change of second.changes) {
    const { old, oldString } = changes.get(change.name) ?? change;
    changes.set(change.name, { ...change, old, oldString });
  }
  return {
    ...second,
    changed: [...new Set([...first.changed, ...second.changed])].sort(),
    changes: [...changes.values()],
  };
}
