import assert from "node:assert/strict";
import { plainLines, plainRequest } from "#tests/support/control_plane/http.ts";
import { eventually } from "#tests/support/eventually.ts";
import { connectH2 } from "#tests/support/h2_client.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import type { StreamFault } from "#tests/support/kube_server/faults.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

Deno.test("KubeServer.inject() answers as told, as often as told", async (t) => {
  await using server = await startKubeServer();
  const ask = () => plainRequest(server, { path: CONFIG_MAPS });
  await t.step("status with Retry-After, after one request, twice", async () => {
    const fault = server.inject(
      { kind: "status", code: 429, retryAfterSeconds: 3 },
      { verb: "list", resource: "configmaps", skip: 1, times: 2 },
    );
    assert.deepEqual([(await ask()).status, (await ask()).status], [200, 429]);
    const { status, headers, text } = await ask();
    assert.deepEqual([status, headers["retry-after"]], [429, "3"]);
    assert.deepEqual(JSON.parse(text).details, { retryAfterSeconds: 3 });
    assert.equal((await ask()).status, 200);
    assert.equal(fault.hits, 2);
  });
  await t.step("redirect, html, warning", async () => {
    server.inject({ kind: "redirect", location: "https://other.example/" });
    const redirect = await ask();
    assert.deepEqual([redirect.status, redirect.headers["location"]], [
      302,
      "https://other.example/",
    ]);
    server.inject({ kind: "html" });
    assert.match((await ask()).text, /^<!DOCTYPE html>/);
    server.inject({ kind: "warning", text: 'old "thing"' });
    assert.equal((await ask()).headers["warning"], '299 - "old \\"thing\\""');
  });
  await t.step("delay", async () => {
    server.inject({ kind: "delay", ms: 60 });
    const startedAt = performance.now();
    assert.equal((await ask()).status, 200);
    assert.ok(performance.now() - startedAt >= 55);
  });
  await t.step("refuse and truncate", async () => {
    server.inject({ kind: "refuse" });
    await assert.rejects(ask());
    server.inject({ kind: "truncate", bytes: 10, how: "cut" });
    await assert.rejects(ask());
  });
  await t.step("hang", async () => {
    server.inject({ kind: "hang" });
    await using client = await connectH2(server);
    const pending = client.request(CONFIG_MAPS);
    await eventually("the request arrived", () => server.requests.at(-1)?.httpVersion === "2");
    assert.equal((await client.request("/version")).status, 200, "the connection lives");
    await client.close();
    assert.equal((await pending).status, 0);
  });
});

Deno.test("KubeServer.inject() resets streams of HTTP/2 with a code", async () => {
  await using server = await startKubeServer();
  await using client = await connectH2(server);
  server.inject({ kind: "reset", code: 7 });
  const refused = await client.request("/version");
  assert.deepEqual([refused.status, refused.rstCode], [0, 7]);
  server.inject({ kind: "truncate", bytes: 20, how: "reset" });
  const cut = await client.request(CONFIG_MAPS);
  assert.deepEqual([cut.status, cut.rstCode, cut.text.length], [200, 8, 20]);
  assert.equal((await client.request("/version")).status, 200, "the connection lives");
});

Deno.test("KubeServer.goaway() sends the frames of each mode while a watch goes on", async (t) => {
  for (const mode of ["graceful", "single"] as const) {
    await t.step(mode, async () => {
      await using server = await startKubeServer();
      await using client = await connectH2(server);
      const watch = client.request(`${CONFIG_MAPS}?watch=true`);
      await eventually("the watch is open", () => server.watches().length === 1);
      server.goaway(mode);
      await eventually(
        "the last frame",
        () => client.goaways.length >= (mode === "graceful" ? 2 : 1),
      );
      assert.equal(client.goaways[0], mode === "graceful" ? 2 ** 31 - 1 : 1);
      assert.equal(client.goaways.at(-1), 1);
      server.put(configMap("late"));
      server.watches()[0]?.end();
      const { text, rstCode } = await watch;
      assert.match(text, /"late"/);
      assert.equal(rstCode, 0);
    });
  }
  await t.step("lowLastStream refuses the stream it came for", async () => {
    await using server = await startKubeServer();
    await using client = await connectH2(server);
    assert.equal((await client.request("/version")).status, 200);
    server.inject({ kind: "goaway", mode: "lowLastStream" });
    const { status } = await client.request("/version");
    assert.deepEqual([status, client.goaways[0]], [0, 1]);
  });
});

Deno.test("KubeServer.inject() befalls watch streams", async (t) => {
  const line = (type: string, name: string) => new RegExp(`^{"type":"${type}".*"name":"${name}"`);
  const cases: readonly {
    readonly fault: StreamFault;
    readonly check: (result: WatchResult) => void;
  }[] = [
    {
      fault: { act: "cut" },
      check: ({ lines, rest, rstCode, isSessionClosed }) => {
        assert.equal(lines.length, 1);
        assert.match(rest, /^{"type":"ADDED"/);
        assert.notEqual(rstCode, 0);
        assert.ok(isSessionClosed);
      },
    },
    {
      fault: { act: "reset" },
      check: ({ lines, rest, rstCode, isSessionClosed }) => {
        assert.equal(lines.length, 1);
        assert.match(rest, /^{"type":"ADDED"/);
        assert.equal(rstCode, 8);
        assert.ok(!isSessionClosed);
      },
    },
    {
      fault: { act: "endWithoutNewline" },
      check: ({ lines, rest, rstCode }) => {
        assert.deepEqual([lines.length, JSON.parse(rest).object.metadata.name, rstCode], [
          1,
          "b",
          0,
        ]);
      },
    },
    {
      fault: { act: "end" },
      check: ({ lines, rstCode }) => assert.deepEqual([lines.length, rstCode], [1, 0]),
    },
    {
      fault: { act: "duplicate" },
      check: ({ lines }) => {
        assert.equal(lines.length, 4);
        assert.equal(lines[1], lines[2]);
        assert.match(lines[1] ?? "", line("ADDED", "b"));
      },
    },
    {
      fault: { act: "reorder" },
      check: ({ lines }) => {
        assert.match(lines[1] ?? "", line("ADDED", "c"));
        assert.match(lines[2] ?? "", line("ADDED", "b"));
      },
    },
    {
      fault: { act: "malformed" },
      check: ({ lines }) => {
        assert.equal(lines.length, 4);
        assert.throws(() => JSON.parse(lines[1] ?? ""));
      },
    },
    {
      fault: { act: "unknownType" },
      check: ({ lines }) => assert.match(lines[1] ?? "", /"type":"FOO"/),
    },
    {
      fault: { act: "hugeLine", bytes: 300_000 },
      check: ({ lines }) => assert.equal(lines[1]?.length, 300_000),
    },
    {
      fault: { act: "error", status: { code: 429, retryAfterSeconds: 7 } },
      check: ({ lines, rstCode }) => {
        const event = JSON.parse(lines[1] ?? "");
        assert.deepEqual([event.type, event.object.code, event.object.details], ["ERROR", 429, {
          retryAfterSeconds: 7,
        }]);
        assert.deepEqual([lines.length, rstCode], [2, 0]);
      },
    },
    { fault: { act: "line", text: "{}" }, check: ({ lines }) => assert.equal(lines[1], "{}") },
    { fault: { act: "silent" }, check: ({ lines }) => assert.equal(lines.length, 1) },
    {
      fault: { act: "split", bytes: 3 },
      check: ({ lines, chunkCount }) => {
        assert.equal(lines.length, 3);
        assert.match(lines[1] ?? "", line("ADDED", "b"));
        assert.ok(chunkCount > 10);
      },
    },
  ];
  for (const { fault, check } of cases) {
    await t.step(fault.act, async () => {
      await using server = await startKubeServer();
      await using client = await connectH2(server);
      server.inject({ kind: "stream", afterEvents: 1, ...fault }, { verb: "watch" });
      server.put(configMap("a"));
      const pending = client.request(`${CONFIG_MAPS}?watch=true`);
      await eventually("the watch is open", () => server.watches().length + client.ended === 1);
      server.put(configMap("b"));
      server.put(configMap("c"));
      const isOver = ![
        "duplicate",
        "reorder",
        "malformed",
        "unknownType",
        "hugeLine",
        "line",
        "silent",
        "split",
      ]
        .includes(fault.act);
      if (!isOver) {
        await eventually(
          "all was read",
          () => fault.act === "silent" || client.received.split("\n").length > 3,
        );
        server.watches()[0]?.reset();
      }
      const answer = await pending;
      // The session's own close may come after the stream's.
      if (fault.act === "cut") await eventually("the session closed", () => client.isClosed);
      const parts = answer.text.split("\n");
      const rest = parts.pop() ?? "";
      check({ ...answer, lines: parts, rest, isSessionClosed: client.isClosed });
    });
  }
});

Deno.test("KubeServer.inject() befalls watch streams of HTTP/1.1", async (t) => {
  const watch = async (fault: StreamFault) => {
    await using server = await startKubeServer({ http2: false });
    server.inject({ kind: "stream", afterEvents: 1, ...fault });
    for (const name of ["a", "b", "c"]) server.put(configMap(name));
    return await plainLines(server, {
      path: `${CONFIG_MAPS}?watch=true`,
      isEnough: (lines) => lines.length === 3,
    });
  };
  for (const act of ["cut", "reset"] as const) {
    await t.step(act, async () => {
      await assert.rejects(watch({ act }));
    });
  }
  await t.step("endWithoutNewline", async () => {
    const { lines, rest } = await watch({ act: "endWithoutNewline" });
    assert.equal(lines.length, 1);
    assert.equal(JSON.parse(rest).object.metadata.name, "b");
  });
  await t.step("split", async () => {
    const { lines } = await watch({ act: "split" });
    assert.deepEqual(lines.map((line) => JSON.parse(line).object.metadata.name), ["a", "b", "c"]);
  });
});

interface WatchResult {
  readonly lines: readonly string[];
  readonly rest: string;
  readonly rstCode: number;
  readonly chunkCount: number;
  readonly isSessionClosed: boolean;
}

function configMap(name: string) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } };
}
