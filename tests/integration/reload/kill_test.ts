/**
 * A process that is killed at any instant of the apply cycle leaves one complete version; the next start removes what
 * it left. `KCFG_TEST_KILLS` says how often, 25 by default; the task `soak:reload` does it 200 times.
 */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { startKcfg } from "#tests/support/process.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const KILLS = Number(Deno.env.get("KCFG_TEST_KILLS") ?? "25");
const NAMES = Array.from({ length: 20 }, (_, index) => `key-${index}.conf`);
const SIZE = 20_000;
const MAX_INSTANT_MS = 60;
const VERSION = /^\.\.\d{4}(?:_\d\d){5}\.\d+$/;

/** One more in every other version, so that links come and go. */
function namesOf(version: number): string[] {
  return version % 2 === 0 ? NAMES : [...NAMES, "odd.conf"];
}

function filesOf(version: number): Record<string, string> {
  return Object.fromEntries(
    namesOf(version).map((name) => [name, `${version} `.padEnd(SIZE, "x")]),
  );
}

/** The one version that the directory has; fails when files are of two, short or missing. */
async function versionIn(root: string): Promise<number> {
  const folder = await Deno.realPath(`${root}/..data`);
  const names = await namesIn(folder);
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${folder}/${name}`)));
  const versions = [...new Set(texts.map((text) => text.slice(0, text.indexOf(" "))))];
  assert.equal(versions.length, 1, `mixed: ${versions}`);
  assert.deepEqual([...new Set(texts.map((text) => text.length))], [SIZE]);
  const version = Number(versions[0]);
  assert.deepEqual(names, namesOf(version).sort());
  return version;
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

/**
 * The names once nothing but a whole directory is there: the version that was visible, the one before it, the last
 * one that the application has heard of, and the one that this start has written. A start that is just saying what it did may have its state file half-way, which is
 * no remainder.
 */
async function settledNames(root: string): Promise<string[]> {
  let names: string[] = [];
  await eventually("nothing is left over", async () => {
    names = await namesIn(root);
    const own = names.filter((name) =>
      name.startsWith("..") && name !== "..data" && name !== "..kcfg-state"
    );
    return own.length <= 4 && own.every((name) => VERSION.test(name));
  });
  return names;
}

Deno.test(`reload: killed at ${KILLS} random instants, the directory is one version`, async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, filesOf(0));
  const root = `${dir.path}/config`;
  const args = [
    ...["reload", `--configroot=${root}`, `--volume-dir=${volume.path}`, "--log-format=json"],
    ...["--reload-action=none", "--debounce=0", "--reload-min-interval=0"],
  ];
  let version = 0;
  let interrupted = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using kcfg = startKcfg(args);
    await eventually(`it is ready: ${kcfg.stderr()}`, () => kcfg.logLine("ready"));
    // A start repairs whatever the kill before it has left.
    assert.equal(await versionIn(root), version);
    const names = await settledNames(root);
    const shown = names.filter((name) => !name.startsWith(".."));
    assert.deepEqual(shown, namesOf(version).sort());
    const endMs = performance.now() + Math.random() * MAX_INSTANT_MS;
    while (performance.now() < endMs) await volume.swap(filesOf(++version));
    kcfg.signal("SIGKILL");
    await kcfg.exitCode();
    const left = await versionIn(root);
    assert.ok(left <= version);
    const partial = await namesIn(root);
    if (left !== version || partial.length > names.length) interrupted += 1;
  }
  assert.ok(interrupted > KILLS / 5, `${interrupted} kills hit an apply cycle`);
});

Deno.test(`reload --layout=flat: killed at ${KILLS} random instants, the next start owns all of it`, async () => {
  await using dir = await tempDir();
  /** A name that no other version has, so that whatever is forgotten shows. */
  const flatFiles = (version: number) => ({ ...filesOf(version), [`only-${version}.conf`]: "x" });
  const volume = await kubeletVolume(dir.path, flatFiles(0));
  const root = `${dir.path}/config`;
  await dir.write("config/foreign", "stays");
  const args = [
    ...["reload", `--configroot=${root}`, `--volume-dir=${volume.path}`, "--log-format=json"],
    ...["--layout=flat", "--reload-action=none", "--debounce=0", "--reload-min-interval=0"],
  ];
  let version = 0;
  let interrupted = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using kcfg = startKcfg(args);
    await eventually(`it is ready: ${kcfg.stderr()}`, () => kcfg.logLine("ready"));
    const names = await namesIn(root);
    const shown = names.filter((name) => !name.startsWith("..kcfg-state"));
    assert.deepEqual(shown, ["foreign", ...Object.keys(flatFiles(version))].sort());
    // From the first apply cycle on: a busy machine may not come to it within any fixed time.
    await eventually("it applies a version", async () => {
      await volume.swap(flatFiles(++version));
      return (await namesIn(root)).join() !== names.join();
    });
    const endMs = performance.now() + Math.random() * MAX_INSTANT_MS;
    while (performance.now() < endMs) await volume.swap(flatFiles(++version));
    kcfg.signal("SIGKILL");
    await kcfg.exitCode();
    // Half-way is a copy that is left, or names of two versions.
    const left = await namesIn(root);
    const only = left.filter((name) => name.startsWith("only-"));
    if (only.length !== 1 || left.some((name) => name.includes("kcfg-tmp"))) interrupted += 1;
  }
  assert.ok(interrupted > KILLS / 10, `${interrupted} kills hit an apply cycle`);
});
