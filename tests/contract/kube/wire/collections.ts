/** Exchanges about collections: lists, pages, selectors, watches. */

import assert from "node:assert/strict";
import type { Body, Wire, WireCase } from "./wire.ts";

/** The cases of this file. */
export const collectionCases: readonly WireCase[] = [
  {
    name: "a list has a kind, a resourceVersion, and items without type",
    async run(wire) {
      await makeThree(wire);
      const { body } = await wire.get(`${wire.core("configmaps")}?labelSelector=app%3Dx`);
      assert.equal(body.kind, "ConfigMapList");
      assert.match(body.metadata.resourceVersion, /^\d+$/);
      assert.deepEqual(names(body), ["p1", "p2", "p3"]);
      assert.equal(body.items[0].kind, undefined);
      const none = await wire.get(wire.core("secrets"));
      assert.deepEqual(none.body.items, []);
    },
  },
  {
    name: "pages keep to the state of the first one",
    async run(wire) {
      await makeThree(wire);
      const path = `${wire.core("configmaps")}?labelSelector=app%3Dx&limit=2`;
      const first = await wire.get(path);
      assert.deepEqual(names(first.body), ["p1", "p2"]);
      assert.equal(first.body.metadata.remainingItemCount, undefined, "unknown with a selector");
      await wire.delete(wire.core("configmaps/p3"));
      const token = encodeURIComponent(first.body.metadata.continue);
      const second = await wire.get(`${path}&continue=${token}`);
      assert.deepEqual(names(second.body), ["p3"]);
      assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
      assert.equal(second.body.metadata.continue, undefined);
      const withRevision = await wire.get(`${path}&resourceVersion=5&continue=${token}`);
      assert.equal(withRevision.status, 400);
    },
  },
  {
    name: "an unselected page tells how many remain",
    async run(wire) {
      for (const name of ["a", "b", "c"]) {
        await wire.post(wire.core("secrets"), { metadata: { name } });
      }
      const { body } = await wire.get(`${wire.core("secrets")}?limit=1`);
      assert.equal(body.metadata.remainingItemCount, 2);
      const cached = await wire.get(`${wire.core("secrets")}?limit=1&resourceVersion=0`);
      assert.equal(cached.body.metadata.continue, undefined, "any version comes whole");
    },
  },
  {
    name: "list options that are refused",
    looseMessages: ["GET"],
    async run(wire) {
      const statusOf = async (query: string) =>
        (await wire.get(`${wire.core("configmaps")}?${query}`)).status;
      assert.equal(await statusOf("continue=bogus"), 400);
      assert.equal(await statusOf("limit=abc"), 400);
      assert.equal(await statusOf("resourceVersion=abc"), 400);
      assert.equal(await statusOf("resourceVersionMatch=NotOlderThan"), 422);
      assert.equal(await statusOf("resourceVersionMatch=Exact&resourceVersion=0"), 422);
      assert.equal(await statusOf("sendInitialEvents=true"), 422);
      assert.equal(await statusOf("labelSelector=a%20b"), 400);
      assert.equal(await statusOf("fieldSelector=foo"), 400);
      assert.equal(await statusOf("fieldSelector=data.k%3Dv"), 400);
    },
  },
  {
    name: "a resourceVersion from the future",
    async run(wire) {
      const path = wire.core("configmaps");
      for (const suffix of ["", "/kube-root-ca.crt"]) {
        const { status, body, headers } = await wire.get(
          `${path}${suffix}?resourceVersion=99999999`,
        );
        assert.equal(`${status} ${body.reason}`, "504 Timeout");
        assert.equal(body.details.causes[0].reason, "ResourceVersionTooLarge");
        assert.equal(body.details.retryAfterSeconds, 1);
        assert.equal(headers["retry-after"], "1");
      }
    },
  },
  {
    name: "selectors",
    async run(wire) {
      await makeThree(wire);
      const select = async (query: string) =>
        names((await wire.get(`${wire.core("configmaps")}?${query}`)).body);
      const label = (text: string) => select(`labelSelector=${encodeURIComponent(text)}`);
      assert.deepEqual(await label("app=x,n!=1"), ["p2", "p3"]);
      assert.deepEqual(await label("n in (1, 3)"), ["p1", "p3"]);
      assert.deepEqual(await label("app,n notin (1)"), ["p2", "p3"]);
      assert.deepEqual(await label("app,!n"), []);
      assert.deepEqual(await label("app==x,n==2"), ["p2"]);
      assert.deepEqual(await select("fieldSelector=metadata.name%3Dp2"), ["p2"]);
      assert.deepEqual(await select("labelSelector=app&fieldSelector=metadata.name!%3Dp2"), [
        "p1",
        "p3",
      ]);
    },
  },
  {
    name: "a watch from a resourceVersion shows what came after, as its selector sees it",
    async run(wire) {
      await makeThree(wire);
      const list = await wire.get(`${wire.core("configmaps")}?labelSelector=app%3Dx`);
      await wire.patch("merge", wire.core("configmaps/p1"), { data: { k: "2" } });
      await wire.patch("merge", wire.core("configmaps/p2"), { metadata: { labels: { app: "y" } } });
      await wire.patch("merge", wire.core("configmaps/p2"), { metadata: { labels: { app: "x" } } });
      await wire.delete(wire.core("configmaps/p3"));
      const revision = list.body.metadata.resourceVersion;
      const events = await wire.watch(
        `${wire.core("configmaps")}?watch=true&labelSelector=app%3Dx&resourceVersion=${revision}`,
        4,
      );
      assert.deepEqual(events.map(({ type, object }) => `${type} ${object.metadata.name}`), [
        "MODIFIED p1",
        "DELETED p2",
        "ADDED p2",
        "DELETED p3",
      ]);
      assert.equal(events[0]?.object.kind, "ConfigMap", "events carry the type");
      const revisions = events.map(({ object }) => Number(object.metadata.resourceVersion));
      assert.deepEqual(revisions, revisions.toSorted((a, b) => a - b));
      assert.equal(events[1]?.object.metadata.labels.app, "x", "the last state that was selected");
    },
  },
  {
    name: "a watch without resourceVersion starts with the state and ends at its time",
    async run(wire) {
      await makeThree(wire);
      const path = `${wire.core("configmaps")}?watch=true&timeoutSeconds=1&labelSelector=app%3Dx`;
      const events = await wire.watch(path, Infinity);
      assert.deepEqual(events.map(({ type, object }) => `${type} ${object.metadata.name}`).sort(), [
        "ADDED p1",
        "ADDED p2",
        "ADDED p3",
      ]);
      const zero = await wire.watch(`${path}&resourceVersion=0`, Infinity);
      assert.equal(zero.length, 3);
    },
  },
  {
    name: "a watch-list ends its initial events with a bookmark",
    async run(wire) {
      await makeThree(wire);
      const path = `${wire.core("configmaps")}?watch=true&allowWatchBookmarks=true` +
        "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&labelSelector=app%3Dx";
      const events = await wire.watch(path, 4);
      assert.deepEqual(events.slice(0, 3).map(({ type }) => type), ["ADDED", "ADDED", "ADDED"]);
      const bookmark = events[3];
      assert.equal(bookmark?.type, "BOOKMARK");
      assert.equal(bookmark?.object.metadata.annotations["k8s.io/initial-events-end"], "true");
      assert.equal(bookmark?.object.kind, "ConfigMap");
      assert.equal(bookmark?.object.metadata.name, undefined);
    },
  },
  {
    name: "watch options that are refused",
    looseMessages: ["GET"],
    async run(wire) {
      const statusOf = async (query: string) =>
        (await wire.get(`${wire.core("configmaps")}?watch=true&${query}`)).status;
      assert.equal(await statusOf("resourceVersion=abc"), 500);
      assert.equal(await statusOf("sendInitialEvents=true&allowWatchBookmarks=true"), 422);
      assert.equal(await statusOf("resourceVersionMatch=NotOlderThan"), 422);
      assert.equal(await statusOf("continue=abc"), 422);
    },
  },
  {
    name: "a watch-list from the future fails inside the stream",
    async run(wire) {
      const path = `${wire.core("configmaps")}?watch=true&allowWatchBookmarks=true` +
        "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999999";
      const events = await wire.watch(path, Infinity);
      assert.equal(events[0]?.type, "ERROR");
      assert.equal(events[0]?.object.code, 504);
      assert.equal(events[0]?.object.details.causes[0].reason, "ResourceVersionTooLarge");
    },
  },
  {
    name: "bytes that are no ASCII come through, in lists and events",
    async run(wire) {
      const text = 'żółw 🐢 \u2028 "quoted" <&>';
      const { body } = await wire.post(wire.core("configmaps"), {
        metadata: { name: "utf8" },
        data: { text },
      });
      const before = String(Number(body.metadata.resourceVersion) - 1);
      const events = await wire.watch(
        `${wire.core("configmaps")}?watch=true&fieldSelector=metadata.name%3Dutf8` +
          `&resourceVersion=${before}`,
        1,
      );
      assert.equal(events[0]?.object.data.text, text);
      assert.equal((await wire.get(wire.core("configmaps/utf8"))).body.data.text, text);
    },
  },
  {
    name: "content types of answers",
    looseMessages: ["GET"],
    async run(wire) {
      const path = wire.core("configmaps");
      const html = await wire.get(path, { headers: { accept: "text/html" } });
      assert.equal(`${html.status} ${html.body.reason}`, "406 NotAcceptable");
      const any = await wire.get(path, { headers: { accept: "*/*" } });
      assert.equal(any.contentType, "application/json");
    },
  },
];

async function makeThree(wire: Wire): Promise<void> {
  for (const n of ["1", "2", "3"]) {
    await wire.post(wire.core("configmaps"), {
      metadata: { name: `p${n}`, labels: { app: "x", n } },
      data: { k: "v" },
    });
  }
}

function names(list: Body): string[] {
  return list.items.map((item: { metadata: { name: string } }) => item.metadata.name);
}
