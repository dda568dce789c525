/** The Service that the engine reads: ports that come later, and a Service that may not be read. */

import assert from "node:assert/strict";
import { resolverFixture } from "#tests/support/resolver_fixture.ts";
import { status } from "#tests/support/scripted_collection.ts";

const SERVICE = JSON.stringify({
  metadata: { name: "web", namespace: "prod" },
  spec: { ports: [{ name: "grpc", port: 80, targetPort: 50051 }] },
});

Deno.test("Engine looks again for a Service that was made after it had looked, for its port", async () => {
  let isThere = false;
  let reads = 0;
  await using fixture = resolverFixture({
    target: "kubernetes:///web.prod:80",
    portMode: "service",
    elsewhere: ({ path }) => {
      if (path.endsWith("/services/web")) reads += 1;
      return isThere ? { body: SERVICE } : status(404, "NotFound");
    },
  });
  const { clock, resolver, told } = fixture;
  resolver.updateResolution();
  await clock.advance(500);
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  await clock.advance(100);
  assert.match(told.at(-1) ?? "", /no port 80|does not exist/);
  isThere = true;
  await clock.advance(2000);
  assert.equal(told.at(-1), "10.0.0.1:50051");
  const settled = reads;
  await clock.advance(300_000);
  assert.equal(reads, settled);
});

Deno.test("Engine asks ever less often for a port that the Service does not get", async () => {
  let reads = 0;
  await using fixture = resolverFixture({
    target: "kubernetes:///web.prod:81",
    portMode: "service",
    elsewhere: ({ path }) => {
      if (path.endsWith("/services/web")) reads += 1;
      return { body: SERVICE };
    },
  });
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  fixture.resolver.updateResolution();
  await fixture.clock.advance(600_000);
  assert.ok(reads >= 20 && reads <= 27, String(reads));
  fixture.resolver.destroy();
  const settled = reads;
  await fixture.clock.advance(600_000);
  assert.equal(reads, settled);
});

Deno.test("Engine blames no Service for a port that it may not read", async () => {
  const cases = [
    [status(403, "Forbidden"), /port 80 is the Service's, which cannot be read$/],
    [status(404, "NotFound"), /service does not exist$/],
    [{ body: SERVICE.replace("80", "443") }, /Service has no port 80 \(available: 443\)$/],
  ] as const;
  for (const [answer, text] of cases) {
    await using fixture = resolverFixture({
      target: "kubernetes:///web.prod:80",
      portMode: "service",
      elsewhere: () => answer,
    });
    fixture.put("web-1", { endpoints: ["10.0.0.1"] });
    fixture.resolver.updateResolution();
    await fixture.clock.advance(100);
    assert.match(fixture.told.at(-1) ?? "", text);
  }
});

Deno.test("Engine tells whoever wants details when the Service comes without what is wanted of it", async () => {
  let answer: ReturnType<typeof status> = status(404, "NotFound");
  await using fixture = resolverFixture({
    ...{ target: "kubernetes:///web.prod:80", portMode: "service" },
    ...{ service: "always", detailed: true },
    elsewhere: () => answer,
  });
  const { clock, resolver, told } = fixture;
  resolver.updateResolution();
  await clock.advance(100);
  assert.match(told.at(-1) ?? "", /service does not exist$/);
  answer = { body: SERVICE.replace("80", "443") };
  await clock.advance(2000);
  assert.match(told.at(-1) ?? "", /service exists but has no EndpointSlices$/);
  answer = status(404, "NotFound");
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  await clock.advance(10_000);
  assert.match(told.at(-1) ?? "", /service does not exist$/);
  answer = { body: SERVICE.replace("80", "443") };
  await clock.advance(30_000);
  assert.match(told.at(-1) ?? "", /no port 80 \(available: 443\)$/);
});
