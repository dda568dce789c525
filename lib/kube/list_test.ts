/** Lists: page by page, and what happens when a page is gone. */

import assert from "node:assert/strict";
import { fixtureOf, PODS } from "#tests/support/client_fixture.ts";
import { status } from "#tests/support/scripted_collection.ts";
import { json } from "#tests/support/scripted_transport.ts";
import type { KubeClient, ListOptions } from "./contract.ts";
import { DecodeError, ListExpiredError } from "./errors.ts";

Deno.test("KubeClient.listAll() follows pages, and tells when they expire", async (t) => {
  const page = (names: string[], token?: string) =>
    json({
      apiVersion: "v1",
      kind: "PodList",
      metadata: { resourceVersion: "1", continue: token },
      items: names.map((name) => ({ metadata: { name } })),
    });
  const names = async (client: KubeClient, options: ListOptions = {}) => {
    const seen: string[] = [];
    for await (const item of client.listAll(PODS, { limit: 2, ...options })) {
      seen.push(`${item.kind}/${item.metadata.name}`);
    }
    return seen;
  };
  await t.step("three pages", async () => {
    const { client, transport } = fixtureOf([page(["a"], "1"), page(["b"], "2"), page(["c"])]);
    assert.deepEqual(await names(client), ["Pod/a", "Pod/b", "Pod/c"]);
    assert.deepEqual(
      transport.requests.map(({ query }) => [query.get("limit"), query.get("continue")]),
      [["2", null], ["2", "1"], ["2", "2"]],
    );
  });
  await t.step("expired", async () => {
    const gone = status(410, "Expired", { metadata: { continue: "later" } });
    await assert.rejects(names(fixtureOf([page(["a"], "1"), gone]).client), ListExpiredError);
    const { client } = fixtureOf([page(["a"], "1"), gone, page(["b"])]);
    assert.deepEqual(await names(client, { allowInconsistent: true }), ["Pod/a", "Pod/b"]);
  });
  await t.step("null items and a table", async () => {
    const empty = { apiVersion: "v1", kind: "PodList", metadata: {}, items: null };
    assert.deepEqual((await fixtureOf([json(empty)]).client.list(PODS)).items, []);
    const table = { apiVersion: "meta.k8s.io/v1", kind: "Table", metadata: {} };
    await assert.rejects(fixtureOf([json(table)]).client.list(PODS), DecodeError);
  });
});

Deno.test("KubeClient.list() retries a version that is too large without one", async () => {
  const details = { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 3 };
  const list = json({ apiVersion: "v1", kind: "PodList", metadata: {}, items: [] });
  const { client, transport, clock } = fixtureOf([
    status(504, "Timeout", { details }),
    status(504, "Timeout", { details }),
    status(504, "Timeout", { details }),
    list,
  ]);
  const listed = client.list(PODS, { resourceVersion: "9" });
  for (let i = 0; i < 4; i++) await clock.advanceToNext();
  await listed;
  const [first] = transport.requests;
  assert.equal(first?.query.get("resourceVersion"), "9");
  assert.equal(first?.query.get("limit"), null);
  assert.equal(transport.requests.at(-1)?.query.get("resourceVersion"), null);
});
