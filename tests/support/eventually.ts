/** Waiting for a condition instead of for a time. */

/**
 * Polls `condition` until it returns something other than `undefined` or `false`, and returns that.
 *
 * @throws {Error} naming `what` when `withinMs` (below 5 s, 4 s by default) is over
 */
export async function eventually<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  { withinMs = 4000 }: { readonly withinMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  while (true) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * The same for what backs off between its tries, half a minute in the end: waits up to 45 s, in waits that say that
 * they are not over.
 */
export async function inTheEnd(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let wait = 0;; wait++) {
    try {
      return void await eventually(what, condition, { withinMs: 4500 });
    } catch (error) {
      if (wait === 9) throw error;
    }
  }
}
