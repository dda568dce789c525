/** Metrics under the names of the tools that kcfg replaces, for their users' dashboards (reload.md 11.2, 2.7). */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { startReloadTarget } from "#tests/support/reload_target.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

async function scrape(base: string, path: string): Promise<(line: string) => boolean> {
  const lines = (await (await fetch(base + path)).text()).split("\n");
  return (line) => lines.includes(line);
}

Deno.test("reload: metrics of configmap-reload, with its flags", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  await using target = startReloadTarget();
  target.status = 500;
  await using kcfg = await startReload([
    ...[`--volume-dir=${volume.path}`, `--webhook-url=${target.url}`, "--webhook-retries=0"],
    ...["--web.telemetry-path=/prom", "--metrics-compat=configmap-reload"],
    ...["--reload-min-interval=0", "--reload-retry-interval=20ms"],
  ]);
  await untilReady(kcfg);
  await volume.swap({ a: "2" });
  const label = `webhook="${target.url}"`;
  await eventually("the tries are exhausted", async () => {
    const has = await scrape(kcfg.base, "/prom");
    return has(
      `configmap_reload_request_errors_total{${label},reason="retries_exhausted"} 1`,
    ) &&
      has(`configmap_reload_last_reload_error{${label}} 1`);
  });
  target.status = 200;
  await eventually("it is told", async () => {
    const has = await scrape(kcfg.base, "/metrics");
    return has(`configmap_reload_success_reloads_total{${label}} 1`) &&
      has(`configmap_reload_last_reload_error{${label}} 0`) &&
      has(`configmap_reload_requests_total{${label},status_code="200"} 1`) &&
      has("configmap_reload_watcher_errors_total 0");
  });
  assert.ok(await kcfg.metric("configmap_reload_last_request_duration_seconds") > 0);
  assert.ok(await kcfg.metric("configmap_reload_request_errors_total") >= 2);
});

Deno.test("reload: metrics of prometheus-config-reloader, with its flags", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  await using target = startReloadTarget();
  await using kcfg = await startReload([
    ...[`--watched-dir=${volume.path}`, `--reload-url=${target.url}`, "--delay-interval=0"],
    ...["--metrics-compat=prometheus-config-reloader", "--reload-min-interval=0"],
  ]);
  await untilReady(kcfg);
  await eventually("the start is told", () => target.requests.length === 1);
  await volume.swap({ a: "2" });
  await eventually("the change is counted", async () => {
    const has = await scrape(kcfg.base, "/metrics");
    return has("reloader_reloads_total 2") && has("reloader_config_apply_operations_total 1");
  });
  const has = await scrape(kcfg.base, "/metrics");
  for (
    const line of [
      "reloader_reloads_failed_total 0",
      "reloader_last_reload_successful 1",
      "reloader_config_apply_operations_failed_total 0",
      "reloader_config_environment_variable_expansion_errors 0",
      'reloader_info{method="http"} 1',
      "reloader_watches 1",
      "reloader_watch_events_total 1",
      "reloader_watch_errors_total 0",
      'kcfg_reload_watch_events_total{type="SWAPPED"} 1',
      'kcfg_reload_reloads_total{action="http",reason="start"} 1',
      'kcfg_reload_reloads_total{action="http",reason="change"} 1',
    ]
  ) assert.ok(has(line), line);
  assert.ok(await kcfg.metric("reloader_last_reload_success_timestamp_seconds") > 0);
});
