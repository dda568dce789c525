/** Remote evaluation: answers as the OpenFeature protocol has them. */

import assert from "node:assert/strict";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { handleOfrep } from "./ofrep.ts";

const ALL = "/ofrep/v1/evaluate/flags";

async function post(path: string, body: string | null = "{}", init: RequestInit = {}) {
  const flags = new FlagSet();
  flags.int("limit", 1);
  flags.duration("timeout", "90m");
  flags.stringSet("kinds", ["b", "a"]);
  flags.string("password", "hunter2", "", { secret: true });
  flags.set("limit", "5");
  const request = new Request(`http://h${path}`, { method: "POST", body, ...init });
  const response = await handleOfrep(flags, request, path);
  const text = await response?.text() ?? "";
  return { response, body: text === "" ? undefined : JSON.parse(text) };
}

Deno.test("handleOfrep() evaluates one flag, with its reason", async () => {
  assert.deepEqual((await post(`${ALL}/limit`, '{"context":{"targetingKey":"x"}}')).body, {
    key: "limit",
    value: 5,
    reason: "STATIC",
    variant: "current",
    metadata: {},
  });
  const { body } = await post(`${ALL}/timeout`, null);
  assert.deepEqual([body.value, body.reason, body.variant], ["1h30m", "DEFAULT", "default"]);
  assert.equal((await post(`${ALL}/password`)).body.value, "***");
});

Deno.test("handleOfrep() tells unknown flags and malformed requests apart", async () => {
  const cases: [path: string, body: string, status: number, code: string][] = [
    [`${ALL}/none`, "{}", 404, "FLAG_NOT_FOUND"],
    [`${ALL}/%ff`, "{}", 404, "FLAG_NOT_FOUND"],
    [`${ALL}/limit`, "{", 400, "PARSE_ERROR"],
    [`${ALL}/limit`, "[]", 400, "PARSE_ERROR"],
    [`${ALL}/limit`, '{"context":5}', 400, "INVALID_CONTEXT"],
    [ALL, "{", 400, "PARSE_ERROR"],
  ];
  for (const [path, text, status, code] of cases) {
    const { response, body } = await post(path, text);
    assert.deepEqual([response?.status, body.errorCode], [status, code], `${path} ${text}`);
  }
  const { response } = await post(ALL, null, { method: "GET" });
  assert.equal(response?.status, 405);
  assert.equal((await post("/ofrep/v2/x")).response, undefined);
});

Deno.test("handleOfrep() evaluates all flags, and answers 304 to who knows them", async () => {
  const { response, body } = await post(ALL);
  assert.deepEqual(
    body.flags.map(({ key, value }: { key: string; value: unknown }) => [key, value]),
    [
      ["kinds", ["a", "b"]],
      ["limit", 5],
      ["password", "***"],
      ["timeout", "1h30m"],
    ],
  );
  const etag = response?.headers.get("etag") ?? "";
  const again = await post(ALL, "{}", { headers: { "if-none-match": etag } });
  assert.equal(again.response?.status, 304);
  // As nginx hands it on after it compressed the answer.
  const weak = await post(ALL, "{}", { headers: { "if-none-match": `W/${etag}` } });
  assert.equal(weak.response?.status, 304);
});

Deno.test("handleOfrep() tells answers apart whose checksums are the same", async () => {
  const tags = await Promise.all([["1b", "2"], ["1", "b2"]].map(async ([a = "", b = ""]) => {
    const flags = new FlagSet();
    flags.string("a", a);
    flags.string("b", b);
    const request = new Request(`http://h${ALL}`, { method: "POST", body: "{}" });
    const response = await handleOfrep(flags, request, ALL);
    return [flags.checksum(), response?.headers.get("etag")];
  }));
  const [[sumA, tagA] = [], [sumB, tagB] = []] = tags;
  assert.equal(sumA, sumB);
  assert.notEqual(tagA, tagB);
});
