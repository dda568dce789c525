/** IP addresses as bytes. */

import assert from "node:assert/strict";
import { isInNetwork, parseIpAddress } from "./ip_address.ts";

Deno.test("parseIpAddress() gives the bytes of both families and of nothing else", () => {
  const shown = (text: string) => parseIpAddress(text)?.toHex();
  assert.equal(shown("10.0.200.255"), "0a00c8ff");
  assert.equal(shown("::"), "0".repeat(32));
  assert.equal(shown("::1"), `${"0".repeat(31)}1`);
  assert.equal(
    shown("2001:DB8::a:0:12"),
    "20010db80000000000000000000a0000".slice(0, 22) + "0a00000012",
  );
  assert.equal(shown("1:2:3:4:5:6:7:8"), "00010002000300040005000600070008");
  assert.equal(shown("::ffff:1.2.3.4"), "00000000000000000000ffff01020304");
  for (const text of ["", "a", "1.2.3", "1.2.3.256", "1.2.3.4.5", ":::", "fe80::1%lo", "[::1]"]) {
    assert.equal(shown(text), undefined, text);
  }
});

Deno.test("isInNetwork() compares as many bits as asked for, in one family", () => {
  const within = (address: string, network: string, bits: number) => {
    const [a, b] = [address, network].map(parseIpAddress);
    assert.ok(a !== undefined && b !== undefined);
    return isInNetwork(a, b, bits);
  };
  assert.ok(within("10.200.1.1", "10.0.0.0", 8));
  assert.ok(!within("11.0.0.0", "10.0.0.0", 8));
  assert.ok(within("11.0.0.0", "10.0.0.0", 7));
  assert.ok(within("1.2.3.4", "9.9.9.9", 0));
  assert.ok(within("fd12::3", "fd00::", 8));
  assert.ok(!within("fe12::3", "fd00::", 8));
  assert.ok(within("2001:db8::7", "2001:db8::7", 128));
  assert.ok(!within("2001:db8::7", "2001:db8::6", 128));
  assert.ok(!within("10.0.0.1", "::", 0));
  assert.ok(!within("10.0.0.1", "10.0.0.1", 33));
});
