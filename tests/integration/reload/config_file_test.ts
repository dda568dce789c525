/** The command line that prometheus-operator gives its reloader: one file expanded, directories of rules in place. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { startReloadTarget } from "#tests/support/reload_target.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

async function gzip(text: string): Promise<Uint8Array> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

Deno.test("reload: --config-file is expanded into its copy, rules beside it are followed in place", async () => {
  await using dir = await tempDir();
  await using target = startReloadTarget();
  const config = await kubeletVolume(`${dir.path}/config`, {
    "prometheus.yaml.gz": await gzip("shard: $(SHARD)-$(STATEFULSET_ORDINAL_NUMBER) $(UNKNOWN)\n"),
    "other": "not this one",
  });
  const rules = [
    await kubeletVolume(`${dir.path}/rules-0`, { "a.yaml": "1" }),
    await kubeletVolume(`${dir.path}/rules-1`, { "a.yaml": "1" }),
  ];
  const copy = `${dir.path}/out/prometheus.env.yaml`;
  await using kcfg = await startReload([
    ...[`--config-file=${config.path}/prometheus.yaml.gz`, `--config-envsubst-file=${copy}`],
    ...rules.map(({ path }) => `--watched-dir=${path}`),
    ...[`--reload-url=${target.url}`, "--reload-min-interval=0"],
  ], { env: { SHARD: "x", POD_NAME: "prometheus-k8s-7" } });
  await untilReady(kcfg);
  assert.equal(await Deno.readTextFile(copy), "shard: x-7 $(UNKNOWN)\n");
  await eventually("the start is told", () => target.requests.length === 1);
  // A key beside the file is no change.
  await config.swap({
    "prometheus.yaml.gz": await gzip("shard: 2\n"),
    "other": "changed",
  });
  await eventually("the change is told", () => target.requests.length === 2);
  assert.equal(await Deno.readTextFile(copy), "shard: 2\n");
  const { ino } = await Deno.stat(copy);
  await rules[1]?.swap({ "a.yaml": "2" });
  await eventually("changed rules are told", () => target.requests.length === 3);
  assert.equal((await Deno.stat(copy)).ino, ino);
  const shown = (await Array.fromAsync(Deno.readDir(`${dir.path}/out`), ({ name }) => name))
    .filter((name) => !name.startsWith(".."));
  assert.deepEqual(shown, ["prometheus.env.yaml"]);
});

Deno.test("reload: --config-file alone is followed in place", async () => {
  await using dir = await tempDir();
  await using target = startReloadTarget();
  const config = await kubeletVolume(dir.path, { "a.yaml": "1", "b.yaml": "1" });
  await using kcfg = await startReload([
    ...[`--config-file=${config.path}/a.yaml`, `--reload-url=${target.url}`],
    "--reload-min-interval=0",
  ]);
  await untilReady(kcfg);
  await eventually("the start is told", () => target.requests.length === 1);
  await config.swap({ "a.yaml": "1", "b.yaml": "2" });
  await config.swap({ "a.yaml": "2", "b.yaml": "2" });
  await eventually("the change is told", () => target.requests.length === 2);
  assert.notEqual(target.requests[0]?.hash, target.requests[1]?.hash);
});
