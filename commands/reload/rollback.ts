/** Back to the version before, when the newest one does not work (reload.md 7.5). */

import { shortHash } from "./payload/payload.ts";
import type { Telling, TellingDeps } from "./telling.ts";

/**
 * Makes the version visible that the application has run with last, when it is still there, and bars the bad one.
 * Resolves to whether it did.
 */
export async function goBack(
  { facts, writer, log, metrics, announce, save }: TellingDeps,
): Promise<boolean> {
  const bad = writer.hash;
  const good = facts.lastReloadHash;
  if (good === undefined || good === bad || !await writer.backTo(good)) return false;
  facts.quarantined.add(bad);
  facts.hash = good;
  facts.isRolledBack = true;
  metrics.rolledBack();
  log.warn("rolled back to the version before", {
    from: shortHash(bad),
    to: shortHash(good),
  });
  announce({ reason: "ConfigRolledBack", message: `version ${shortHash(bad)}`, hash: bad });
  save();
  return true;
}

/** The same for an application that was told: it is told of the version before, once. Whether it has heard. */
export async function rollBack(
  telling: Telling,
  deps: TellingDeps,
  signal: AbortSignal,
): Promise<boolean> {
  if (!await goBack(deps)) return false;
  telling.plan("rollback");
  const failure = await telling.attempt(signal);
  if (failure === undefined) return true;
  deps.log.error("the version before cannot be reloaded either", { err: failure });
  telling.cancel();
  deps.facts.failingSinceMs = deps.clock.now();
  return false;
}

/** The same for an application that died: it starts with these files, so there is nothing to tell. */
export async function goBackUntold(telling: Telling, deps: TellingDeps): Promise<boolean> {
  telling.cancel();
  if (!await goBack(deps)) return false;
  const { facts } = deps;
  facts.lastReloadHash = facts.hash;
  facts.lastReloadOk = true;
  facts.consecutiveFailures = 0;
  facts.failingSinceMs = undefined;
  return true;
}
