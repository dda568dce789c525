/** G1 from outside: no reader ever sees a mixed, short or missing file, however fast versions follow each other. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import type { ReaderOrder, ReaderReport } from "./torn_read_worker.ts";

const VERSIONS = 1000;
const NAMES = Array.from({ length: 20 }, (_, index) => `key-${index}.conf`);

function filesOf(version: number): Record<string, string> {
  const text = `${version} `.padEnd(1019, "x") + " end\n";
  return Object.fromEntries(NAMES.map((name) => [name, text]));
}

Deno.test("reload: a reader at over 1 kHz sees whole versions alone, 1,000 of them", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, filesOf(0));
  const root = `${dir.path}/config`;
  await using kcfg = await startReload([
    `--configroot=${root}`,
    `--volume-dir=${volume.path}`,
    ...["--reload-action=none", "--debounce=0", "--reload-min-interval=0", "--fsync=false"],
  ]);
  await untilReady(kcfg);
  const worker = new Worker(new URL("torn_read_worker.ts", import.meta.url), { type: "module" });
  const report = new Promise<ReaderReport>((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
  });
  const startedAt = performance.now();
  worker.postMessage(
    {
      root,
      names: NAMES,
      last: String(VERSIONS),
      deadlineMs: Date.now() + 280_000,
    } satisfies ReaderOrder,
  );
  for (let version = 1; version <= VERSIONS; version++) {
    await volume.swap(filesOf(version));
    const text = `${version} `;
    await eventually(`version ${version} is there: ${kcfg.stderr().slice(-500)}`, async () => {
      return (await Deno.readTextFile(`${root}/${NAMES[7]}`)).startsWith(text);
    });
  }
  const { reads, versions, problems } = await report;
  worker.terminate();
  assert.deepEqual(problems, []);
  const perSecond = reads / ((performance.now() - startedAt) / 1000);
  assert.ok(perSecond > 1000, `${perSecond} reads a second`);
  assert.ok(versions > VERSIONS / 2, `${versions} versions seen`);
  await eventually("every version was written", async () => {
    return await kcfg.metric("kcfg_reload_writes_total") >= VERSIONS;
  });
});
