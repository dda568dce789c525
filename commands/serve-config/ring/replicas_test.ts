/** Three replicas in one ring, in front of one backend. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startReplicas, testBackend } from "#tests/support/replicas.ts";

Deno.test("three replicas ask the backend once for 500 clients spread over them", async () => {
  await using backend = testBackend();
  const release = Promise.withResolvers<void>();
  backend.answer = async () => {
    await release.promise;
    return new Response("k: v\n");
  };
  await using replicas = await startReplicas(3, { backend: backend.url });
  const asking = Array.from({ length: 500 }, (_, at) => replicas[at % 3]?.text("/deploy.yml"));
  await eventually("the backend is asked", () => backend.asked.length > 0);
  release.resolve();
  assert.deepEqual(new Set(await Promise.all(asking)), new Set(["k: v\n"]));
  assert.deepEqual(backend.asked, ["/deploy.yml"]);
  const peerLoads = await Promise.all(
    replicas.map((one) => one.metric('groupcache_peer_loads_total{group="configfiles"}')),
  );
  assert.deepEqual(peerLoads.sort(), [0, 1, 1]);
});

Deno.test("a replica answers from its copy of what another owns, and says so", async () => {
  await using backend = testBackend();
  backend.objects.set("/a.yml", "1");
  await using replicas = await startReplicas(2, { backend: backend.url, ttl: "1m" });
  const details: (string | undefined)[] = [];
  for (const replica of replicas) {
    for (let times = 0; times < 2; times++) {
      const response = await replica.fetch("/a.yml");
      assert.equal(await response.text(), "1");
      details.push(/detail=(.*)/.exec(response.headers.get("cache-status") ?? "")?.[1]);
    }
  }
  const [owner, other] = details[0] === "backend"
    ? [details.slice(0, 2), details.slice(2)]
    : [["backend", "main"], details.slice(0, 2)];
  assert.deepEqual(owner, ["backend", "main"]);
  assert.deepEqual(other, ["peer", "hot"]);
  assert.deepEqual(backend.asked, ["/a.yml"]);
});

Deno.test("an error of the backend costs one call, whoever owns the key", async () => {
  await using backend = testBackend();
  await using replicas = await startReplicas(3, { backend: backend.url });
  for (const [path, status, body] of [["/absent", 404, "not found"], ["/broken", 502, "503"]]) {
    backend.answer = () => new Response("no", { status: status === 404 ? 404 : 503 });
    for (const replica of replicas) {
      backend.asked.length = 0;
      const response = await replica.fetch(String(path));
      assert.equal(response.status, status);
      assert.match(await response.text(), new RegExp(String(body)));
      assert.equal(backend.asked.length, 1);
    }
  }
});

Deno.test("a refresh at one replica makes exactly the named application fresh at all", async () => {
  await using backend = testBackend();
  const keys = ["/orders-dev.yml", "/orders-prod.yml", "/billing-dev.yml"];
  for (const key of keys) backend.objects.set(key, "old");
  await using replicas = await startReplicas(3, { backend: backend.url, admin: "true" });
  const [first] = replicas;
  const readAll = async () => {
    const texts: string[] = [];
    for (const replica of replicas) for (const key of keys) texts.push(await replica.text(key));
    return texts;
  };
  await readAll();
  for (const key of keys) backend.objects.set(key, "new");
  const refreshed = await first?.fetch("/-/refresh?destination=orders:**", {
    method: "POST",
    listener: "metrics",
  });
  assert.deepEqual(await refreshed?.json(), { removed: 2 });
  await eventually("orders is fresh everywhere", async () => {
    const texts = await readAll();
    return JSON.stringify(texts) ===
      JSON.stringify([0, 1, 2].flatMap(() => ["new", "new", "old"]));
  });
});

Deno.test("a replica that is gone costs its peers no request", async () => {
  await using backend = testBackend();
  for (let at = 0; at < 60; at++) backend.objects.set(`/${at}.yml`, `${at}`);
  await using replicas = await startReplicas(3, { backend: backend.url });
  await replicas[2]?.app.stop();
  for (let at = 0; at < 60; at++) assert.equal(await replicas[at % 2]?.text(`/${at}.yml`), `${at}`);
  const errors = await replicas[0]?.metric('groupcache_peer_errors_total{group="configfiles"}') ??
    0;
  assert.ok(errors > 0 && errors <= 3, `${errors} requests to a dead peer before it is left alone`);
});

Deno.test("replicas that see different rings load more, and wait for nobody", async () => {
  await using backend = testBackend();
  backend.objects.set("/a.yml", "1");
  await using replicas = await startReplicas(2, { backend: backend.url });
  const [one, other] = replicas;
  assert.ok(one && other);
  // Each takes a third party for the owner of some keys, or the other one.
  one.app.setPeers([other.peerUrl, "http://127.0.0.1:1"]);
  other.app.setPeers([one.peerUrl, "http://127.0.0.1:2"]);
  for (let at = 0; at < 40; at++) {
    backend.objects.set(`/k${at}`, "v");
    const texts: string[] = await Promise.all([one.text(`/k${at}`), other.text(`/k${at}`)]);
    assert.deepEqual(texts, ["v", "v"]);
  }
});

Deno.test("a key that a person names without its slash on the ring is the one with it", async () => {
  await using backend = testBackend();
  backend.objects.set("/a.yml", "old");
  await using replicas = await startReplicas(1, { backend: backend.url, admin: "true" });
  const [replica] = replicas;
  assert.ok(replica);
  const read = async () => {
    const answer = await replica.fetch("/_groupcache/configfiles/a.yml", { listener: "ring" });
    return await answer.text();
  };
  assert.match(await read(), /old/);
  backend.objects.set("/a.yml", "new");
  assert.match(await read(), /old/);
  assert.deepEqual(backend.asked, ["/a.yml"]);
  replica.app.refreshAll();
  assert.match(await read(), /new/);
  const keys = await (await replica.fetch("/-/keys", { listener: "metrics" })).json();
  assert.deepEqual(keys.map(({ key }: { readonly key: string }) => key), ["/a.yml"]);
});

Deno.test("a DELETE of a Go replica reaches the replicas of kcfg that it did not tell", async () => {
  await using backend = testBackend();
  backend.objects.set("/a.yml", "old");
  await using replicas = await startReplicas(3, { backend: backend.url });
  for (const replica of replicas) assert.equal(await replica.text("/a.yml"), "old");
  backend.objects.set("/a.yml", "new");
  const told = await replicas[0]?.fetch("/_groupcache/configfiles/%2Fa.yml", {
    method: "DELETE",
    listener: "ring",
  });
  assert.deepEqual([told?.status, await told?.text()], [200, ""]);
  await eventually("all have dropped it", async () => {
    const texts = await Promise.all(replicas.map((replica) => replica.text("/a.yml")));
    return texts.every((text) => text === "new");
  });
});

Deno.test("replicas with a secret refuse whoever does not know it", async () => {
  await using backend = testBackend();
  backend.objects.set("/a.yml", "1");
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "first\nsecond\n");
  await using replicas = await startReplicas(2, {
    backend: backend.url,
    "peer-secret-file": path,
  });
  for (const replica of replicas) assert.equal(await replica.text("/a.yml"), "1");
  assert.equal(backend.asked.length, 1, "the two trust each other");
  const refused = await replicas[0]?.fetch("/_groupcache/configfiles/a.yml", { listener: "ring" });
  assert.equal(refused?.status, 401);
  await refused?.body?.cancel();
  await Deno.remove(path);
});

Deno.test("rendezvous rings agree on owners", async () => {
  await using backend = testBackend();
  for (let at = 0; at < 30; at++) backend.objects.set(`/${at}`, "v");
  await using replicas = await startReplicas(3, { backend: backend.url, ring: "rendezvous" });
  for (let at = 0; at < 30; at++) {
    for (const replica of replicas) assert.equal(await replica.text(`/${at}`), "v");
  }
  assert.equal(backend.asked.length, 30);
});

Deno.test("an object out of date travels the ring as such", async () => {
  await using backend = testBackend();
  backend.objects.set("/a.yml", "old");
  await using replicas = await startReplicas(2, { backend: backend.url });
  for (const replica of replicas) assert.equal(await replica.text("/a.yml"), "old");
  backend.answer = () => new Response("no", { status: 500 });
  replicas[0]?.app.refreshAll();
  await eventually("both say that it is out of date", async () => {
    const answers = await Promise.all(replicas.map((replica) => replica.fetch("/a.yml")));
    for (const answer of answers) assert.equal(await answer.text(), "old");
    return answers.every(({ headers }) =>
      headers.get("cache-status")?.includes("stale-if-error") === true
    );
  });
});
