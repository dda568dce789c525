/** Waiting for an end that somebody else decides. */

/** Resolves when `signal` is aborted, at once when it is already; never rejects. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(undefined), { once: true })
  );
}
