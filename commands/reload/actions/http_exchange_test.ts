/** Answers as servers send them, in one piece and byte by byte. */

import assert from "node:assert/strict";
import { exchange, type ExchangeConnection } from "./http_exchange.ts";

/** A connection that notes what it is sent and answers with `text`, `step` bytes a read. */
function scripted(
  text: string,
  step: number,
): ExchangeConnection & { readonly sent: () => string } {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  let [offset, sent] = [0, ""];
  return {
    sent: () => sent,
    read(buffer) {
      const piece = bytes.subarray(offset, offset + Math.min(step, buffer.length));
      buffer.set(piece);
      offset += piece.length;
      return Promise.resolve(piece.length === 0 ? null : piece.length);
    },
    write(piece) {
      // A part of it only, as a full socket does.
      const taken = piece.subarray(0, 7);
      sent += decoder.decode(taken);
      return Promise.resolve(taken.length);
    },
  };
}

const GET = { method: "GET", target: "/a?b", headers: [["host", "x"]], body: undefined } as const;
const STEPS = [1, 3, 100_000];

Deno.test("exchange() writes the request line, the headers and the body", async () => {
  const connection = scripted("HTTP/1.1 204 No Content\r\n\r\n", 100);
  const body = new TextEncoder().encode("body");
  await exchange(connection, { ...GET, method: "PURGE", body });
  assert.equal(connection.sent(), "PURGE /a?b HTTP/1.1\r\nhost: x\r\n\r\nbody");
});

Deno.test("exchange() reads answers of every framing", async (t) => {
  const cases: [name: string, text: string, status: number, body: string][] = [
    ["by length, more follows", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokgarbage", 200, "ok"],
    ["until the end", "HTTP/1.0 500 Oh no\r\n\r\nwhy\n", 500, "why\n"],
    ["without a reason", "HTTP/1.1 404\r\ncontent-length:0\r\n\r\n", 404, ""],
    ["bare line feeds", "HTTP/1.1 200 OK\ncontent-length: 1\n\nx", 200, "x"],
    [
      "in chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\nA \r\n0123456789\r\n0\r\nt: 1\r\n\r\n",
      200,
      "abc0123456789",
    ],
    [
      "after an interim one",
      "HTTP/1.1 103 Hints\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx",
      200,
      "x",
    ],
    ["none by status", "HTTP/1.1 304 Same\r\ncontent-length: 5\r\n\r\n", 304, ""],
  ];
  for (const [name, text, status, body] of cases) {
    await t.step(name, async () => {
      for (const step of STEPS) {
        const answer = await exchange(scripted(text, step), GET);
        assert.deepEqual(answer, { status, location: undefined, text: body });
      }
    });
  }
  await t.step("none by method", async () => {
    const text = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nLocation: /b\r\n\r\n";
    const answer = await exchange(scripted(text, 5), { ...GET, method: "HEAD" });
    assert.deepEqual(answer, { status: 200, location: "/b", text: "" });
  });
});

Deno.test("exchange() keeps 64 KiB of a body and reads all of it", async () => {
  const length = 200_000;
  const text = `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n${"x".repeat(length)}`;
  const connection = scripted(text, 5000);
  assert.equal((await exchange(connection, GET)).text.length, 64 * 1024);
  assert.equal(await connection.read(new Uint8Array(1)), null);
});

Deno.test("exchange() says what is wrong with an answer", async (t) => {
  const cases: [name: string, text: string, message: RegExp][] = [
    ["nothing", "", /ended early/],
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n", /no HTTP/],
    ["half a head", "HTTP/1.1 200 OK\r\ncontent-le", /ended early/],
    ["half a body", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc", /ended early/],
    [
      "half a chunk",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
      /ended early/,
    ],
    ["odd chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", /no length/],
    ["odd length", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", /length "-1"/],
    ["a line without end", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}`, /too long/],
  ];
  for (const [name, text, message] of cases) {
    await t.step(name, async () => {
      await assert.rejects(exchange(scripted(text, 50), GET), message);
    });
  }
});
