/** Many small file operations at once, but not all of them: descriptors are limited. */

/** Most operations under way. */
const BATCH = 32;

/** Calls `work` for every item, up to 32 at a time; the first failure rejects, after its batch has ended. */
export async function inBatches<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const all = [...items];
  for (let at = 0; at < all.length; at += BATCH) {
    const outcomes = await Promise.allSettled(all.slice(at, at + BATCH).map(work));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }
}
