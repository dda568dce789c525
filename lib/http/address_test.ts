/** Listen addresses. */

import assert from "node:assert/strict";
import { bindAddresses, formatAddress, hostAndPort, parseListenAddress } from "./address.ts";

Deno.test("parseListenAddress() takes host:port, :port and [v6]:port", () => {
  assert.deepEqual(parseListenAddress(":8080"), { hostname: undefined, port: 8080 });
  assert.deepEqual(parseListenAddress("127.0.0.1:0"), { hostname: "127.0.0.1", port: 0 });
  assert.deepEqual(parseListenAddress("[::1]:65535"), { hostname: "::1", port: 65535 });
  assert.deepEqual(parseListenAddress("localhost:1"), { hostname: "localhost", port: 1 });
});

Deno.test("parseListenAddress() rejects everything else", async (t) => {
  for (
    const text of ["", "8080", ":", ":65536", "::1:80", "a:b:1", "host: 1", "[::1]", "http://a:1"]
  ) {
    await t.step(JSON.stringify(text), () => {
      assert.throws(() => parseListenAddress(text), /is not a listen address/);
    });
  }
});

Deno.test("formatAddress() brackets IPv6", () => {
  assert.equal(formatAddress({ hostname: "::1", port: 1 }), "[::1]:1");
  assert.equal(formatAddress({ hostname: "", port: 8080 }), ":8080");
});

Deno.test("bindAddresses() names both families for all interfaces", () => {
  assert.deepEqual(bindAddresses({ hostname: undefined, port: 1 }), ["[::]:1", "0.0.0.0:1"]);
  assert.deepEqual(bindAddresses({ hostname: "::1", port: 1 }), ["[::1]:1"]);
});

Deno.test("hostAndPort() adds the port of the scheme", () => {
  assert.equal(hostAndPort(new URL("http://a/x")), "a:80");
  assert.equal(hostAndPort(new URL("https://a")), "a:443");
  assert.equal(hostAndPort(new URL("https://[::1]:8443/")), "[::1]:8443");
});
