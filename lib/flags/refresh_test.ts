/** A refresh: the source counts again, also where it has not changed. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { denoDirectoryAccess } from "./deno.ts";
import { directorySource } from "./directory_source.ts";
import { FlagSet } from "./flag_set.ts";
import { MemorySource } from "./source.ts";
import { setup } from "./updater.ts";

Deno.test("Updater.refresh() brings an unchanged directory's values back over HTTP's", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { limit: "5" });
  const flags = new FlagSet();
  const limit = flags.int("limit", 1);
  const source = directorySource(volume.path, { access: denoDirectoryAccess });
  await using updater = await setup(flags, source);
  flags.set("limit", "9", { source: "http" });
  await updater.refresh();
  await eventually("the volume's value is back", () => limit.value === 5);
});

Deno.test("Updater.refresh() works on a source in memory, and does nothing when stopped", async () => {
  const flags = new FlagSet();
  const limit = flags.int("limit", 1);
  const updater = await setup(flags, new MemorySource({ limit: "5" }));
  flags.set("limit", "9", { source: "http" });
  await updater.refresh();
  assert.equal(limit.value, 5);
  await updater.stop();
  flags.set("limit", "9", { source: "http" });
  await updater.refresh();
  assert.equal(limit.value, 9);
});
