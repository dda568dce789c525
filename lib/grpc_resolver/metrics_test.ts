/** What the metrics say about a target's sources, by reason. */

import assert from "node:assert/strict";
import { resolverFixture } from "#tests/support/resolver_fixture.ts";
import { status } from "#tests/support/scripted_collection.ts";

const MINUTE = 60_000;

/** Values other than zero of a family, by its last label, or the value itself. */
function valuesOf(text: string, family: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const line of text.split("\n")) {
    const found = new RegExp(`^${family}\\{target="[^"]+"(?:,\\w+="(\\w+)")?\\} (\\d+)$`).exec(
      line,
    );
    if (found !== null && found[2] !== "0") values[found[1] ?? ""] = Number(found[2]);
  }
  return values;
}

Deno.test("ResolverMetrics counts re-lists and restarts of watches by reason", async () => {
  await using fixture = resolverFixture({ resyncPeriodMs: 10 * MINUTE });
  const { clock, server, resolver, metrics } = fixture;
  const count = (name: string) => valuesOf(metrics.text(), `kcfg_resolver_${name}`);
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  resolver.updateResolution();
  await clock.advance(100);
  assert.deepEqual(count("relists_total"), { initial: 1 });
  assert.deepEqual(count("watch_restarts_total"), {});

  await clock.advance(MINUTE);
  server.streams.at(-1)?.end();
  await clock.advance(MINUTE);
  server.streams.at(-1)?.end("connection");
  await clock.advance(MINUTE);
  server.watchFaults.push(() => status(403, "Forbidden"));
  server.streams.at(-1)?.end();
  await clock.advance(MINUTE);
  assert.deepEqual(count("watch_restarts_total"), { eof: 2, error: 1, auth: 1 });
});

Deno.test("ResolverMetrics forgets a target with its last channel", async () => {
  await using fixture = resolverFixture();
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  fixture.resolver.updateResolution();
  await fixture.clock.advance(100);
  assert.match(fixture.metrics.text(), /kuberesolver_addresses_total\{[^}]+\} 1\n/);
  fixture.resolver.destroy();
  assert.doesNotMatch(fixture.metrics.text(), /target=/);
});

Deno.test("ResolverMetrics counts periodic re-lists and the differences they find", async () => {
  await using fixture = resolverFixture({ resyncPeriodMs: 10 * MINUTE });
  const { clock, server, resolver, metrics } = fixture;
  const count = (name: string) => valuesOf(metrics.text(), `kcfg_resolver_${name}`);
  fixture.put("web-1", { endpoints: ["10.0.0.1"] });
  // Watches that never answer: only a list shows what has changed.
  server.everyWatch = () => new Promise<never>(() => {});
  resolver.updateResolution();
  await clock.advance(100);
  fixture.put("web-1", { endpoints: ["10.0.0.1", "10.0.0.2"] });
  await clock.advance(12 * MINUTE);
  assert.deepEqual(count("relists_total"), { initial: 1, periodic: 1 });
  assert.deepEqual(count("drift_total"), { "": 1 });
});
