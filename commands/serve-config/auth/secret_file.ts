/** Secrets in files that are mounted and rotate: read again when they change, never kept in a log. */

import type { Clock } from "#lib/run/clock.ts";

/** How often the file is looked at, at most. */
const RECHECK_MS = 1000;

/**
 * Makes a reader of the non-empty lines of a file, without the white space around them. What was read stays in
 * force while the file cannot be read, as in the moment of a rotation.
 *
 * @returns a function that rejects when the file could never be read
 */
export function createLineReader(
  path: string,
  { clock }: { readonly clock: Clock },
): () => Promise<readonly string[]> {
  let lines: readonly string[] | undefined;
  let checkedAt = -Infinity;
  let reading: Promise<readonly string[]> | undefined;

  async function read(): Promise<readonly string[]> {
    try {
      const text = await Deno.readTextFile(path);
      lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
      return lines;
    } catch (error) {
      if (lines !== undefined) return lines;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Cannot read secret file "${path}": ${reason}`, { cause: error });
    }
  }

  return () => {
    const now = clock.monotonic();
    if (lines !== undefined && now - checkedAt < RECHECK_MS) return Promise.resolve(lines);
    checkedAt = now;
    reading ??= read().finally(() => reading = undefined);
    return reading;
  };
}

/**
 * Checks that a secret is there before anything depends on it; a server without it would turn everybody away.
 *
 * @throws {Error} naming the file that cannot be read or has no line
 */
export async function checkSecretFile(
  path: string,
  deps: { readonly clock: Clock },
): Promise<void> {
  if ((await createLineReader(path, deps)()).length > 0) return;
  throw new Error(`Secret file "${path}" is empty: it needs a line with the secret`);
}
