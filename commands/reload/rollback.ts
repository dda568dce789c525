/** Back to the version before, when the newest one does not work (reload.md 7.5). */

import { shortHash } from "./payload/payload.ts";
import type { Telling, TellingDeps } from "./telling.ts";

/** Makes the version with the hash `good` visible, when it is still there, and bars the bad one; whether it did. */
async function goBack(
  good: string | undefined,
  { facts, writer, log, metrics, announce, save }: TellingDeps,
): Promise<boolean> {
  const bad = writer.hash;
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
  // One that was heard once is not bad because its application is away.
  if (!await goBack(deps.facts.lastReloadHash, deps)) return false;
  telling.plan("rollback");
  const failure = await telling.attempt(signal);
  if (failure === undefined) return true;
  deps.log.error("the version before cannot be reloaded either", { err: failure });
  telling.cancel();
  deps.facts.failingSinceMs = deps.clock.monotonic();
  return false;
}

/** The same for an application that died: it starts with these files, so there is nothing to tell. */
export async function goBackUntold(telling: Telling, deps: TellingDeps): Promise<boolean> {
  telling.cancel();
  const { facts, writer } = deps;
  // It may have heard of the version, and died of it a moment later.
  const good = facts.lastReloadHash === writer.hash
    ? facts.previousReloadHash
    : facts.lastReloadHash;
  if (!await goBack(good, deps)) return false;
  facts.lastReloadHash = facts.hash;
  facts.previousReloadHash = undefined;
  facts.lastReloadOk = true;
  facts.consecutiveFailures = 0;
  facts.failingSinceMs = undefined;
  return true;
}
