/** Where the time before the first random number goes. */

import assert from "node:assert/strict";

const MODULE = new URL("early_entropy.ts", import.meta.url).href;

/** Milliseconds for which a process of its own is blocked by its first random number, asked for after `before`. */
async function blockedMs(before: string): Promise<number> {
  const program = `import { gatherEntropy } from ${JSON.stringify(MODULE)};
    const startMs = performance.now();
    ${before};
    const gatheringMs = performance.now() - startMs;
    await gathering;
    const askedMs = performance.now();
    // Makes its random bytes where it is called.
    crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    console.log(gatheringMs + performance.now() - askedMs);`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--no-config", "--ext=ts", program],
    signal: AbortSignal.timeout(4900),
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout));
}

Deno.test("gatherEntropy() takes the wait for the first random number off the main thread", async () => {
  const without = await blockedMs("const gathering = Promise.resolve()");
  const early = await blockedMs("const gathering = gatherEntropy()");
  // Fifty to one when written; a runtime that needs no such time any more needs no such call.
  assert.ok(early < without / 3, `blocked for ${early} ms with it, ${without} ms without`);
});
