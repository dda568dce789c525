/** Exact paths and nothing else. */

import assert from "node:assert/strict";
import { exposition, liveness, readiness } from "./admin.ts";
import { exactRoutes } from "./exact_routes.ts";
import { plain } from "./plain.ts";
import { Metrics } from "#lib/metrics/metrics.ts";

const handler = exactRoutes({ "/health": () => plain("health ok") });
const info = {} as Deno.ServeHandlerInfo<Deno.NetAddr>;

async function ask(path: string, method = "GET"): Promise<Response> {
  return await handler(new Request(`http://h${path}`, { method }), info);
}

Deno.test("exactRoutes() answers its paths, with any query", async () => {
  const response = await ask("/health?x=1");
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "health ok");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
});

Deno.test("exactRoutes() answers HEAD as GET without the body", async () => {
  const response = await ask("/health", "HEAD");
  assert.equal(response.headers.get("content-length"), "9");
  assert.equal(await response.text(), "");
});

Deno.test("exactRoutes() answers 404 for other paths and methods", async () => {
  for (const [path, method] of [["/", "GET"], ["/health/", "GET"], ["/health", "POST"]] as const) {
    assert.equal((await ask(path, method)).status, 404, `${method} ${path}`);
  }
});

Deno.test("readiness() fails for a failed check and only shows a warning", async () => {
  const warning = readiness({ bus: () => ({ status: "warn", detail: "down" }) });
  assert.equal(warning.status, 200);
  assert.deepEqual(await warning.json(), {
    status: "ok",
    checks: { bus: { status: "warn", detail: "down" } },
  });
  const failing = readiness({
    listener: () => ({ status: "fail" }),
    bus: () => ({ status: "ok" }),
  });
  assert.equal(failing.status, 503);
  assert.equal((await failing.json()).status, "fail");
});

Deno.test("liveness() is ok", async () => {
  assert.equal(await liveness().text(), "ok");
});

Deno.test("exposition() speaks the format the scraper asks for", async () => {
  const metrics = new Metrics();
  metrics.gauge({ name: "x", help: "" });
  const asked = new Request("http://h/", { headers: { accept: "application/openmetrics-text" } });
  assert.match(await exposition(asked, metrics).text(), /# EOF/);
  const text = exposition(new Request("http://h/"), metrics);
  assert.match(text.headers.get("content-type") ?? "", /version=0\.0\.4/);
  assert.doesNotMatch(await text.text(), /# EOF/);
});
