/** Giving up the wait for something that cannot be told to end. */

/**
 * What `work` gives, unless the signal comes first; `work` goes on then.
 *
 * @param discard gets what comes too late, to let go of it; it must not throw
 * @throws the reason of `signal` as soon as it is aborted, and what `work` rejects with
 */
export function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  discard?: (late: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      work.then(discard, () => {
        // Nobody waits for it any more.
      });
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    // At once, not a turn later: what was handed on must not be discarded as well.
    const forget = () => signal.removeEventListener("abort", onAbort);
    work.then((result) => {
      forget();
      resolve(result);
    }, (error) => {
      forget();
      reject(error);
    });
  });
}
