/** What a target sees of a reload by HTTP, and which answers count. */

import assert from "node:assert/strict";
import { systemClock } from "#lib/run/clock.ts";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { shownUrl } from "./credentials.ts";
import { createHttpAction, type HttpActionOptions } from "./http_action.ts";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A target that keeps what it was asked. */
function target(
  answer: (seen: Seen) => Response = () => new Response("ok"),
  { port = 0 }: { readonly port?: number } = {},
) {
  const seen: Seen[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const one = {
      method: request.method,
      path: pathname,
      headers: request.headers,
      body: await request.text(),
    };
    seen.push(one);
    return answer(one);
  });
  return {
    seen,
    url: new URL(`http://127.0.0.1:${server.addr.port}/reload`),
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A port that browsers refuse, and that is free. */
function blockedPort(): number {
  for (const port of [10080, 6666, 6000, 6697]) {
    try {
      using _listener = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch {
      // Somebody else has it.
    }
  }
  throw new Error("All of them are in use");
}

function action(
  urls: readonly URL[],
  more: Partial<HttpActionOptions> = {},
  env: Readonly<Record<string, string>> = {},
) {
  return createHttpAction({
    urls,
    method: "POST",
    headers: [],
    body: undefined,
    bodyFile: undefined,
    isSuccess: (status) => status >= 200 && status < 300,
    usernameFile: undefined,
    passwordFile: undefined,
    caFile: undefined,
    verifiesTls: true,
    timeoutMs: 2000,
    ...more,
  }, { clock: systemClock, env });
}

const RUN = { hash: "a".repeat(64), previousHash: "", reason: "change", folder: "/c" } as const;
const NEVER = new AbortController().signal;

Deno.test("createHttpAction() sends an empty POST that names the version", async () => {
  await using one = target();
  await action([one.url]).run(RUN, NEVER);
  const [seen] = one.seen;
  assert.equal(seen?.method, "POST");
  assert.equal(seen?.headers.get("content-length"), "0");
  assert.equal(seen?.headers.get("connection"), "close");
  assert.equal(seen?.headers.get("x-kcfg-config-hash"), RUN.hash);
  assert.match(seen?.headers.get("user-agent") ?? "", /^kcfg\/\S+ \(reload\)$/);
});

Deno.test("createHttpAction() takes any method, ports that browsers block, no proxy on loopback", async () => {
  await using one = target(undefined, { port: blockedPort() });
  const env = { HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9" };
  await action([one.url], { method: "PURGE" }, env).run(RUN, NEVER);
  assert.equal(one.seen[0]?.method, "PURGE");
  const byName = new URL(`http://localhost:${one.port}/`);
  await action([byName], {}, env).run(RUN, NEVER);
  assert.equal(one.seen.length, 2);
});

Deno.test("createHttpAction() calls all URLs, and those that have heard no second time", async () => {
  let isWell = false;
  await using bad = target(() => new Response("not yet", { status: isWell ? 200 : 503 }));
  await using good = target();
  const reload = action([bad.url, good.url]);
  await assert.rejects(reload.run(RUN, NEVER), /reload: answered 503: not yet$/);
  isWell = true;
  await reload.run(RUN, NEVER);
  assert.deepEqual([bad.seen.length, good.seen.length], [2, 1]);
  // A further run is for everybody.
  await reload.run(RUN, NEVER);
  assert.deepEqual([bad.seen.length, good.seen.length], [3, 2]);
});

Deno.test("createHttpAction() follows redirects as browsers do, ten at most", async (t) => {
  for (const [status, method] of [[302, "GET"], [307, "POST"]] as const) {
    await t.step(String(status), async () => {
      await using one = target(({ path }) =>
        path === "/reload"
          ? new Response(null, { status, headers: { location: "/there" } })
          : new Response("ok")
      );
      await action([one.url], { body: "{}" }).run(RUN, NEVER);
      assert.deepEqual([one.seen[1]?.path, one.seen[1]?.method], ["/there", method]);
    });
  }
  await t.step("elsewhere, without credentials", async () => {
    await using there = target(() => new Response("ok"));
    await using one = target(() =>
      new Response(null, { status: 307, headers: { location: there.url.href } })
    );
    const url = new URL(one.url);
    url.username = "me";
    const headers = [["Cookie", "session=hunter2"], ["x-kept", "1"]] as const;
    await action([url], { headers }).run(RUN, NEVER);
    const sent = (seen: Seen | undefined) =>
      ["authorization", "cookie", "x-kept"].map((name) => seen?.headers.get(name));
    assert.deepEqual(sent(one.seen[0]), [`Basic ${btoa("me:")}`, "session=hunter2", "1"]);
    assert.deepEqual(sent(there.seen[0]), [null, null, "1"]);
  });
  await t.step("in a circle", async () => {
    await using one = target(() =>
      new Response(null, { status: 307, headers: { location: "/reload" } })
    );
    await assert.rejects(action([one.url]).run(RUN, NEVER), /More than 10 redirects/);
    assert.equal(one.seen.length, 11);
  });
});

Deno.test("createHttpAction() sends body, type, headers and credentials, and shows no password", async () => {
  await using one = target();
  const url = new URL(one.url);
  [url.username, url.password] = ["me", "hunter2"];
  await action([url], { body: '{"a":1}', headers: [["x-team", "a"]] }).run(RUN, NEVER);
  const [seen] = one.seen;
  assert.equal(seen?.body, '{"a":1}');
  assert.equal(seen?.headers.get("content-type"), "application/json");
  assert.equal(seen?.headers.get("x-team"), "a");
  assert.equal(seen?.headers.get("authorization"), `Basic ${btoa("me:hunter2")}`);
  await action([one.url], { body: "plain" }).run(RUN, NEVER);
  assert.equal(one.seen[1]?.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.doesNotMatch(shownUrl(url), /hunter2/);
  await using away = target(() => new Response(null, { status: 500 }));
  const token = new URL(away.url);
  token.username = "hunter2";
  await assert.rejects(action([token]).run(RUN, NEVER), (error: Error) => {
    return error.message === `${away.url}: answered 500`;
  });
});

Deno.test("createHttpAction() verifies the target of an https URL, unless told not to", async () => {
  const authority = await createCertificateAuthority();
  const pair = await authority.issue({ commonName: "localhost", dnsNames: ["localhost"] });
  await using one = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, onListen() {} },
    ...{ cert: pair.certificatePem, key: pair.privateKeyPem },
  }, () => new Response("ok"));
  await using dir = await tempDir();
  const caFile = await dir.write("ca.pem", authority.certificatePem);
  const url = new URL(`https://localhost:${one.addr.port}/`);
  await assert.rejects(action([url]).run(RUN, NEVER), /certificate/i);
  await action([url], { caFile }).run(RUN, NEVER);
  await action([url], { verifiesTls: false }).run(RUN, NEVER);
});

Deno.test("createHttpAction() gives up on a target that does not answer in time", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const url = new URL(`http://127.0.0.1:${listener.addr.port}/`);
  await assert.rejects(action([url], { timeoutMs: 50 }).run(RUN, NEVER), /no answer within 50 ms/);
  (await accepted).close();
});
