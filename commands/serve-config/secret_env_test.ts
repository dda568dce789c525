/** Variables that name a secret. */

import assert from "node:assert/strict";
import { hasSecretReference, resolveSecretEnv } from "./secret_env.ts";

const VARIABLES = ["BACKEND", "AMQP_URL"];

function resolve(text: string, answer: () => Response = () => new Response("value")) {
  const asked: { url: string; init: RequestInit }[] = [];
  const resolved = resolveSecretEnv({ BACKEND: text, OTHER: "#http::x,y,z" }, {
    variables: VARIABLES,
    fetch(url, init) {
      asked.push({ url, init });
      return Promise.resolve(answer());
    },
  });
  return { resolved, asked };
}

Deno.test("#http asks as it says, and gives the whole answer or a field of it", async () => {
  const { resolved, asked } = resolve(`#http::POST,https,h.example:8443,/p,${btoa("{}")},tok`);
  assert.equal((await resolved)["BACKEND"], "value");
  assert.equal(asked[0]?.url, "https://h.example:8443/p");
  assert.equal(asked[0]?.init.method, "POST");
  assert.equal(asked[0]?.init.body, "{}");
  assert.deepEqual(asked[0]?.init.headers, {
    "content-type": "application/json",
    authorization: "tok",
  });
  const json = () => new Response('{"a":"1","b":2}');
  assert.equal((await resolve("#http::GET,http,h,/p,,t:a", json).resolved)["BACKEND"], "1");
});

Deno.test("a reference that cannot be resolved ends the start, naming the variable", async () => {
  const cases: [string, () => Response, RegExp][] = [
    [
      "aws-secretsmanager:eu:name:field",
      () => new Response(),
      /aws-secretsmanager is not available/,
    ],
    ["#http::GET,http,h,/p,,t", () => new Response("", { status: 403 }), /answered 403/],
    ["#http::GET,http,h,/p,,t:x", () => new Response("{}"), /no text under "x"/],
    ["#http::nonsense", () => new Response(), /not of the form/],
  ];
  for (const [text, answer, reason] of cases) {
    await assert.rejects(resolve(text, answer).resolved, (error: Error) => {
      assert.equal(error.name, "UsageError");
      assert.match(error.message, /^Variable BACKEND: /);
      assert.match(error.message, reason);
      return true;
    });
  }
});

Deno.test("other texts are what they are", async () => {
  for (const text of ["dir:x", "http://h", "aws-s3:x", "#http:x", "vault:a:b"]) {
    assert.ok(!hasSecretReference({ BACKEND: text }, VARIABLES), text);
    assert.equal((await resolve(text).resolved)["BACKEND"], text);
  }
});
