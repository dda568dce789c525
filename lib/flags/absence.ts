/** Reads of a file system for which absence is an answer, not an error. */

/** Both ways of reading: `undefined` for what is not there, any other failure as it is. */
export interface Absence {
  /** Reads that wait for another thread. */
  orUndefined<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** Reads that answer at once. */
  orUndefinedNow<T>(work: () => T): T | undefined;
}

/** Makes them for a runtime, by which of its errors mean that nothing is there. */
export function absenceBy(isAbsent: (err: unknown) => boolean): Absence {
  function settle(err: unknown): undefined {
    if (!isAbsent(err)) throw err;
  }
  return {
    orUndefined: (work) => work().catch(settle),
    orUndefinedNow(work) {
      try {
        return work();
      } catch (err) {
        return settle(err);
      }
    },
  };
}
