/** The budget of bytes, and that of entries for objects so small that bytes are no bound. */

import assert from "node:assert/strict";
import { CacheStores } from "./cache_stores.ts";
import type { StoreName } from "./cache_stores.ts";
import { createEntry } from "./entry.ts";

const FOREVER = { loadedAtMs: 0, expiresAtMs: undefined };

function storesOf(budgetBytes: number) {
  const evicted: StoreName[] = [];
  const stores = new CacheStores({ budgetBytes }, { onEvicted: (store) => evicted.push(store) });
  return { stores, evicted };
}

Deno.test("CacheStores keeps no more tiny entries than their memory allows, the newest", async () => {
  const { stores, evicted } = storesOf(4 * 1024 * 1024);
  const entry = await createEntry(new Uint8Array(), FOREVER);
  for (let index = 0; index < 3000; index++) stores.set("main", `/${index}`, { ...entry });
  assert.equal(stores.main.size, 2048);
  assert.deepEqual([stores.has("/951"), stores.has("/952")], [false, true]);
  assert.equal(evicted.length, 952);
});

Deno.test("CacheStores counts entries of both stores together, and the hot one gives way", async () => {
  const { stores, evicted } = storesOf(1);
  const { stores: roomy } = storesOf(100_000);
  const entry = await createEntry(new Uint8Array(), FOREVER);
  stores.set("main", "/a", { ...entry });
  assert.deepEqual(evicted, ["main"], "too large for the bytes");
  for (let index = 0; index < 600; index++) {
    roomy.set("main", `/m${index}`, { ...entry });
    roomy.set("hot", `/h${index}`, { ...entry });
  }
  assert.equal(roomy.main.size + roomy.hot.size, 1000);
  assert.equal(roomy.main.size, 600);
});
