/** The client's families as a scraper sees them. */

import assert from "node:assert/strict";
import { formatMetrics } from "#lib/metrics/exposition.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { createKubeClient } from "./client.ts";
import { createKubeMetrics } from "./kube_metrics.ts";
import { unrestricted } from "./scope/client_scope.ts";

function scrape(metrics: Metrics): string[] {
  const text = formatMetrics(metrics.families(), { openMetrics: false });
  return text.split("\n").filter((line) => !line.startsWith("#") && !line.includes("_bucket"));
}

Deno.test("createKubeMetrics() shows every count under its name and labels", () => {
  const metrics = new Metrics();
  const kube = createKubeMetrics(metrics);
  kube.request({ verb: "get", resource: "apps/deployments", code: "200" }, 0.5);
  kube.request({ verb: "get", resource: "pods", code: "timeout" }, 1);
  kube.retry("429");
  kube.rateLimiterWait(2);
  kube.watchEvent("pods", "ADDED");
  kube.watchEvent("pods", "ADDED");
  kube.watchRestart("pods", "eof");
  kube.relist("pods", "start");
  kube.drift("pods", 3);
  kube.storeObjects("pods", 5);
  kube.storeObjects("pods", 2);
  kube.storeObjects("pods", -4);
  kube.lastContact("pods", 1_700_000_000.5);
  kube.tokenReload("ok");
  kube.tokenReload("error");
  kube.transportRecycle("goaway");
  assert.deepEqual(scrape(metrics), [
    'kcfg_kube_requests_total{verb="get",resource="apps/deployments",code="200"} 1',
    'kcfg_kube_requests_total{verb="get",resource="pods",code="timeout"} 1',
    'kcfg_kube_request_duration_seconds_sum{verb="get"} 1.5',
    'kcfg_kube_request_duration_seconds_count{verb="get"} 2',
    'kcfg_kube_request_retries_total{reason="429"} 1',
    "kcfg_kube_rate_limiter_wait_seconds_sum 2",
    "kcfg_kube_rate_limiter_wait_seconds_count 1",
    'kcfg_kube_watch_events_total{resource="pods",type="ADDED"} 2',
    'kcfg_kube_watch_restarts_total{resource="pods",reason="eof"} 1',
    'kcfg_kube_relists_total{resource="pods",reason="start"} 1',
    'kcfg_kube_drift_total{resource="pods"} 3',
    'kcfg_kube_store_objects{resource="pods"} 3',
    'kcfg_kube_last_contact_seconds{resource="pods"} 1700000000.5',
    'kcfg_kube_token_reloads_total{result="ok"} 1',
    'kcfg_kube_token_reloads_total{result="error"} 1',
    'kcfg_kube_transport_recycles_total{reason="goaway"} 1',
    "",
  ]);
});

Deno.test("informers count under group/resource, found by kind or not, and add up", async () => {
  await using server = await startKubeServer();
  const put = (name: string) =>
    server.put({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace: "a" } });
  put("x");
  const metrics = new Metrics();
  const client = createKubeClient({
    scope: unrestricted(),
    config: { server: server.url, certificateAuthority: { text: server.caPem } },
    metrics: createKubeMetrics(metrics),
  });
  const byKind = client.informer({
    resource: { apiVersion: "apps/v1", kind: "Deployment", namespace: "a" },
  });
  const byResource = client.informer({
    resource: { group: "apps", version: "v1", resource: "deployments", namespace: "a" },
  });
  for (const informer of [byKind, byResource]) {
    informer.start();
    await informer.synced;
  }
  await eventually("both watches are open", () => server.watches().length === 2);
  put("y");
  await eventually("both saw it", () => byKind.list().length + byResource.list().length === 4);
  const kube = () => scrape(metrics).filter((line) => !/_sum|_count|last_contact/.test(line));
  assert.deepEqual(kube().filter((line) => line.includes('resource="')), [
    'kcfg_kube_requests_total{verb="get",resource="",code="200"} 2',
    'kcfg_kube_requests_total{verb="list",resource="apps/deployments",code="200"} 2',
    'kcfg_kube_requests_total{verb="watch",resource="apps/deployments",code="200"} 2',
    'kcfg_kube_watch_events_total{resource="apps/deployments",type="ADDED"} 2',
    'kcfg_kube_relists_total{resource="apps/deployments",reason="start"} 2',
    'kcfg_kube_store_objects{resource="apps/deployments"} 4',
  ]);
  await byKind.stop();
  assert.ok(kube().includes('kcfg_kube_store_objects{resource="apps/deployments"} 2'));
  await client.close();
  assert.ok(kube().includes('kcfg_kube_store_objects{resource="apps/deployments"} 0'));
});
