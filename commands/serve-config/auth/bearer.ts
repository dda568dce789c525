/** Tokens in a file (serve-config.md 14.9): a token a line, and the applications it may read. */

import type { Authenticator } from "./identity.ts";
import { globsTest } from "./identity.ts";

/** Makes the authenticator; `readLines` gives the lines of the file as it is now. */
export function createBearer(readLines: () => Promise<readonly string[]>): Authenticator {
  return {
    async verify(token) {
      const presented = await digestOf(token);
      try {
        let found: readonly string[] | undefined;
        let number = 0;
        const lines = (await readLines()).filter((line) => !line.startsWith("#"));
        for (const [at, line] of lines.entries()) {
          const [expected = "", ...globs] = line.split(/\s+/);
          // Every line is compared, to the end, so that the time tells nothing.
          if (areEqual(presented, await digestOf(expected)) && found === undefined) {
            found = globs;
            number = at + 1;
          }
        }
        if (found === undefined) return { kind: "unknown" };
        return {
          kind: "known",
          identity: { name: `token ${number}`, mayRead: globsTest(found) },
        };
      } catch (error) {
        return {
          kind: "unavailable",
          reason: error instanceof Error ? error.message : String(error),
        };
      }
    },
  };
}

async function digestOf(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  let difference = 0;
  for (let at = 0; at < one.length; at++) difference |= (one[at] ?? 0) ^ (other[at] ?? 0);
  return difference === 0;
}
