/** The routes beyond what the recorded exchanges show: headers, pages, safety. */

import assert from "node:assert/strict";
import { flagsHandler, listFlags, type SetAttempt, setFlag } from "./endpoint.ts";
import { FlagSet } from "./flag_set.ts";

const SET = { setUrl: "/set" };

function example(): FlagSet {
  const flags = new FlagSet();
  flags.int("some_int", 1, "an example");
  flags.json("doc", { a: [1, {}], "<b>": "x" }, "a document");
  flags.string("password", "old", "hidden", { secret: true });
  flags.static.int("port", 80, "where to listen");
  return flags;
}

const get = (target: string, headers: Record<string, string> = {}) =>
  new Request(`http://flags.test${target}`, { headers });

const post = (target: string, body: string, headers: Record<string, string> = {}) =>
  new Request(`http://flags.test${target}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  });

Deno.test("listFlags() lists the specification's example with its checksums", async () => {
  const flags = new FlagSet();
  flags.int("some_int", 1, "an example");
  flags.set("some_int", "5");
  const text = await listFlags(flags, get("/"), SET).text();
  const { checksum_static, checksum_dynamic } = JSON.parse(text);
  assert.deepEqual([checksum_static, checksum_dynamic], ["811c9dc5", "3ee78252"]);
});

Deno.test("listFlags() answers 304 to who knows the current state", async () => {
  const flags = example();
  const first = listFlags(flags, get("/"));
  const etag = first.headers.get("etag") ?? "";
  assert.match(etag, /^"[0-9a-f]{8}-[0-9a-f]{8}-0"$/);
  assert.equal(first.headers.get("cache-control"), "no-store");
  await first.body?.cancel();
  const again = listFlags(flags, get("/", { "if-none-match": `"x", ${etag}` }));
  assert.deepEqual([again.status, await again.text()], [304, ""]);
  flags.set("some_int", "2");
  const changed = listFlags(flags, get("/", { "if-none-match": etag }));
  assert.equal(changed.status, 200);
  await changed.body?.cancel();
});

Deno.test("listFlags() answers with a page to browsers, everything escaped", async () => {
  const flags = example();
  flags.string("x<y", `"><script>alert(1)</script>`, "a & b");
  const response = listFlags(flags, get("/", { accept: "text/html,*/*" }), SET);
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  const page = await response.text();
  assert.ok(!page.includes("<script>") && !page.includes("x<y"));
  for (
    const part of [
      ...["<html", "?format=json", "?only_changed=true", "?type=dynamic", "?type=static"],
      ...[
        flags.checksum(({ value }) => value.isDynamic),
        "a &amp; b",
        `name="name" value="x&lt;y"`,
      ],
      ...[`<form method="post" action="/set">`, "<textarea", `<mark>static</mark>`],
    ]
  ) assert.ok(page.includes(part), part);
  assert.equal(page.match(/<form/g)?.length, 4);
  assert.ok(!/https?:/.test(page));
});

Deno.test("listFlags() has no forms when setting is off", async () => {
  const page = await listFlags(example(), get("/", { accept: "text/html" })).text();
  assert.ok(!page.includes("<form"));
});

Deno.test("listFlags() never shows a secret", async () => {
  const flags = example();
  flags.set("password", "hunter2");
  for (const accept of ["text/html", "application/json"]) {
    const text = await listFlags(flags, get("/", { accept }), SET).text();
    assert.ok(!text.includes("hunter2") && text.includes("***"));
  }
});

Deno.test("setFlag() takes the form of a POST, the query first", async () => {
  const flags = example();
  const response = await setFlag(flags, post("/set", "name=some_int&value=7"), SET);
  assert.equal(await response.text(), 'Success "some_int" -> "7"');
  assert.equal(response.headers.get("content-type"), "text/plain; charset=UTF-8");
  await setFlag(flags, post("/set?value=8", "name=some_int&value=9"), SET);
  assert.equal(flags.get("some_int")?.value, 8);
  assert.equal(flags.entry("some_int")?.source, "http");
});

Deno.test("setFlag() decodes queries as URLSearchParams does", async () => {
  const flags = new FlagSet();
  const text = flags.string("s", "");
  for (const [raw, value] of [["a;b", "a;b"], ["%zz", "%zz"], ["%ff", "\ufffd"], ["a+b", "a b"]]) {
    await setFlag(flags, get(`/set?name=s&value=${raw}`), SET);
    assert.equal(text.value, value);
  }
});

Deno.test("setFlag() refuses requests of other sites", async () => {
  const flags = example();
  const target = "/set?name=some_int&value=7";
  for (
    const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      // An image in somebody's page, over plain HTTP.
      { "user-agent": "Mozilla/5.0" },
      { "user-agent": "Mozilla/5.0", "referer": "http://evil.test/page" },
      { "origin": "http://evil.test" },
      { "origin": "null" },
    ]
  ) {
    const response = await setFlag(flags, get(target, headers), SET);
    assert.deepEqual([response.status, await response.text()], [403, "cross-site request refused"]);
  }
  assert.equal(flags.get("some_int")?.value, 1);
  const own = { "origin": "https://flags.test", "sec-fetch-site": "same-origin" };
  assert.equal((await setFlag(flags, get(target, own), SET)).status, 200);
  for (const headers of [{ "sec-fetch-site": "none" }, { "referer": "http://flags.test/" }]) {
    const browser = { "user-agent": "Mozilla/5.0", ...headers };
    assert.equal((await setFlag(flags, get(target, browser), SET)).status, 200);
  }
  const program = { "user-agent": "curl/8.14.1" };
  assert.equal((await setFlag(flags, get(target, program), SET)).status, 200);
});

Deno.test("setFlag() wants the token when there is one", async () => {
  const options = { ...SET, setToken: "s3cret" };
  const statuses = [];
  for (
    const authorization of [
      "",
      "Bearer",
      "Bearer s3cre",
      "Bearer s3cretx",
      "Basic s3cret",
      "Bearer s3cret",
    ]
  ) {
    const request = get(
      "/set?name=some_int&value=7",
      authorization === "" ? {} : { authorization },
    );
    statuses.push((await setFlag(example(), request, options)).status);
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 200]);
});

Deno.test("setFlag() reports attempts and tells no secret", async () => {
  const attempts: SetAttempt[] = [];
  const options = { ...SET, onSet: (attempt: SetAttempt) => void attempts.push(attempt) };
  const flags = example();
  flags.int("pin", 0, "", { secret: true });
  const bodies = [];
  for (
    const query of [
      "name=password&value=hunter2",
      "name=pin&value=hunter2",
      "name=some_int&value=x",
    ]
  ) {
    bodies.push(await (await setFlag(flags, get(`/set?${query}`), options)).text());
  }
  assert.deepEqual(bodies.slice(0, 2), [
    'Success "password" -> "***"',
    'Error setting "pin" to "***": refused',
  ]);
  assert.deepEqual(attempts.map(({ name, raw, status }) => [name, raw, status]), [
    ["password", undefined, 200],
    ["pin", undefined, 406],
    ["some_int", "x", 406],
  ]);
});

Deno.test("setFlag() knows a form by its type in any case", async () => {
  const flags = new FlagSet();
  const a = flags.int("a", 1);
  const answer = await setFlag(
    flags,
    new Request("http://f.test/set", {
      method: "POST",
      headers: { "content-type": "Application/X-WWW-Form-Urlencoded" },
      body: "name=a&value=2",
    }),
    { setUrl: "/set" },
  );
  assert.deepEqual([answer.status, a.value], [200, 2]);
});

Deno.test("setFlag() does not read a form without end", async () => {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024).fill(0x61)),
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const request = new Request("http://flags.test/set", { method: "POST", body, headers });
  assert.equal((await setFlag(example(), request, SET)).status, 413);
});

Deno.test("flagsHandler() never serves a listing that is out of date", async () => {
  const flags = new FlagSet();
  const a = flags.int("a", 1);
  const handle = flagsHandler(flags);
  const shown: string[] = [];
  const look = async () => {
    const { flags: [first, second] } = await (await handle(get("/"))).json();
    shown.push(`${first.current_value} ${second?.name}`);
  };
  await look();
  await look();
  flags.set("a", "2");
  await look();
  a.setValue(3);
  await look();
  flags.int("b", 1);
  await look();
  assert.deepEqual(shown, ["1 undefined", "1 undefined", "2 undefined", "3 undefined", "3 b"]);
});

Deno.test("flagsHandler() serves its routes and nothing else", async () => {
  const handle = flagsHandler(example(), { listPath: "/flagz", setUrl: "/setz" });
  const statuses = [];
  for (
    const target of [
      "/flagz",
      "/debug/flags",
      "/setz?name=x",
      "/debug/flags/set?name=x",
      "/",
      "/set",
    ]
  ) {
    const response = await handle(get(target));
    statuses.push(response.status);
    await response.body?.cancel();
  }
  assert.deepEqual(statuses, [200, 200, 403, 403, 404, 404]);
});
