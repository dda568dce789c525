/** Ownership of keys against the vectors of the ring protocol. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { crc32 } from "../format/crc32.ts";
import { HashRing, rendezvousOwner } from "./hash_ring.ts";

const peer = (number: number) => `http://10.0.0.${number}:5000`;
const peers = (count: number) => Array.from({ length: count }, (_, at) => peer(at + 1));

// Key → number of the owner among two, three and four peers.
const OWNERS: readonly (readonly [key: string, ofTwo: number, ofThree: number, ofFour: number])[] =
  [
    ["/deploy.yml", 1, 1, 1],
    ["/foo-default.yml", 2, 2, 2],
    ["/foo/default", 2, 2, 2],
    ["/foo/default/main", 1, 3, 4],
    ["/application-default.properties", 2, 3, 3],
    ["/a b.yml", 1, 1, 4],
    ["/", 2, 2, 2],
    ["/config-file1-default.yml,config-file2-default.yml,config-file3-default.yml", 2, 2, 2],
  ];

Deno.test("HashRing.owner() gives the owners of the protocol's vectors", () => {
  for (const [key, ...owners] of OWNERS) {
    owners.forEach((owner, at) => {
      assert.equal(new HashRing(peers(at + 2)).owner(key), peer(owner), `${key} of ${at + 2}`);
    });
  }
});

Deno.test("HashRing.nodes() are fifty a peer in ascending order", () => {
  const nodes = new HashRing(peers(3)).nodes().map(({ hash, peer }) => {
    return `${hash.toString(16).padStart(8, "0")} ${peer}`;
  });
  assert.equal(nodes.length, 150);
  assert.deepEqual(nodes.slice(0, 3), [
    `00d0d5de ${peer(3)}`,
    `0355d613 ${peer(2)}`,
    `06918315 ${peer(1)}`,
  ]);
  assert.equal(nodes.at(-1), `ff02087b ${peer(3)}`);
});

Deno.test("HashRing.owner() wraps from the end to the first node", () => {
  const ring = new HashRing(peers(2), { virtualNodes: 1 });
  const [first, last] = ring.nodes();
  assert.ok(first && last);
  const keys = Array.from({ length: 50 }, (_, at) => `key${at}`);
  const behind = keys.filter((key) => crc32(key) > last.hash);
  assert.ok(behind.length > 0);
  for (const key of behind) assert.equal(ring.owner(key), first.peer);
});

Deno.test("HashRing.owner() is undefined on an empty ring", () => {
  assert.equal(new HashRing([]).owner("/a"), undefined);
});

Deno.test("HashRing.owner() does not depend on the order or repetition of peers", () => {
  fc.assert(fc.property(fc.array(fc.webUrl(), { maxLength: 6 }), fc.string(), (urls, key) => {
    const owner = new HashRing(urls).owner(key);
    assert.equal(new HashRing([...urls, ...urls].reverse()).owner(key), owner);
  }));
});

Deno.test("HashRing.owner() changes only towards a peer that joined", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.webUrl(), { minLength: 2, maxLength: 6 }),
      fc.string(),
      (urls, key) => {
        const [joined, ...before] = urls;
        const after = new HashRing(urls).owner(key);
        assert.ok(after === joined || after === new HashRing(before).owner(key));
      },
    ),
  );
});

Deno.test("rendezvousOwner() picks the greatest digest", async () => {
  const score = (name: string, key: string) =>
    createHash("sha256").update(`${name}\0${key}`).digest("hex").slice(0, 16);
  for (const [key] of OWNERS) {
    const best = peers(4).sort((a, b) => score(a, key) < score(b, key) ? 1 : -1)[0];
    assert.equal(await rendezvousOwner(peers(4), key), best);
    assert.equal(await rendezvousOwner(peers(4).reverse(), key), best);
  }
  assert.equal(await rendezvousOwner([], "/a"), undefined);
});
