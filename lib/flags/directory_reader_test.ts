/** Reading directories of values on a real file system. */

import assert from "node:assert/strict";
import { kubeletVolume } from "#tests/support/kubelet_volume.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import type { DirectoryAccess } from "./directory_access.ts";
import { MAX_FILE_BYTES, readDirectory } from "./directory_reader.ts";
import { denoDirectoryAccess } from "./deno.ts";
import { nodeDirectoryAccess } from "./node.ts";
import type { SourceItem } from "./source.ts";

const ADAPTERS: readonly (readonly [name: string, access: DirectoryAccess])[] = [
  ["Deno", denoDirectoryAccess],
  ["Node", nodeDirectoryAccess],
];

/** Whose reads others can get between. */
const { direct: _, ...PATIENT } = denoDirectoryAccess;

for (const [name, access] of ADAPTERS) {
  Deno.test(`readDirectory() reads plain files, without dot files (${name})`, async () => {
    await using dir = await tempDir();
    await dir.write("a", "1");
    await dir.write("b", "");
    await dir.write(".hidden", "x");
    await dir.write("sub/c", "x");
    assert.deepEqual(texts(await readDirectory(access, dir.path)), {
      a: "1",
      b: "",
      sub: { isDirectory: true },
    });
  });

  Deno.test(`readDirectory() reads the version behind ..data (${name})`, async () => {
    await using dir = await tempDir();
    const volume = await kubeletVolume(dir.path, { a: "1", b: "2" });
    await volume.swap({ a: "3", c: "4" });
    assert.deepEqual(texts(await readDirectory(access, volume.path)), { a: "3", c: "4" });
  });

  Deno.test(`readDirectory() is not misled by links that trail behind the swap (${name})`, async () => {
    await using dir = await tempDir();
    const volume = await kubeletVolume(dir.path, { a: "1" });
    // As between the swap and the adjusting of links: one stale, one missing.
    await Deno.symlink("..data/removed", `${volume.path}/removed`);
    await Deno.remove(`${volume.path}/a`);
    assert.deepEqual(texts(await readDirectory(access, volume.path)), { a: "1" });
  });

  Deno.test(`readDirectory() reads plain files beside ..data, which wins (${name})`, async () => {
    await using dir = await tempDir();
    const { path } = await kubeletVolume(dir.path, { a: "1" });
    await dir.write("volume/plain", "2");
    await Deno.remove(`${path}/a`);
    await dir.write("volume/a", "beside");
    assert.deepEqual(texts(await readDirectory(access, path)), { a: "1", plain: "2" });
  });

  Deno.test(`readDirectory() reports what cannot be read (${name})`, async () => {
    await using dir = await tempDir();
    await dir.write("good", "1");
    await dir.write("large", new Uint8Array(MAX_FILE_BYTES + 1));
    await dir.write("limit", new Uint8Array(MAX_FILE_BYTES));
    await Deno.symlink("/dev/null", `${dir.path}/device`);
    await Deno.symlink("nowhere", `${dir.path}/dangling`);
    await Deno.symlink("loop", `${dir.path}/loop`);
    const { items } = await readDirectory(access, dir.path);
    assert.deepEqual(items.get("large"), { problem: "larger than 4194304 bytes" });
    assert.deepEqual(items.get("device"), { problem: "not a regular file" });
    assert.deepEqual([...items.keys()].sort(), ["device", "good", "large", "limit"]);
  });

  Deno.test(`readDirectory() refuses a directory that is not there (${name})`, async () => {
    await using dir = await tempDir();
    await dir.write("file", "");
    for (const path of [`${dir.path}/nope`, `${dir.path}/file`]) {
      await assert.rejects(readDirectory(access, path), {
        message: `Cannot read flags from "${path}": no such directory`,
      });
    }
  });

  Deno.test(`readDirectory() reads a volume at once, other directories patiently (${name})`, async () => {
    await using dir = await tempDir();
    const volume = await kubeletVolume(`${dir.path}/volume`, { a: "1" });
    await dir.write("plain/a", "2");
    const { direct } = access;
    assert(direct);
    const refuse = () => Promise.reject(new Error("another thread is asked"));
    const volumeOnly = {
      ...access,
      ...{ list: refuse, realPath: refuse, readLink: refuse, stat: refuse, readFile: refuse },
    };
    const known = { isVolume: true };
    assert.deepEqual(texts(await readDirectory(volumeOnly, volume.path, known)), { a: "1" });
    const blocked = () => {
      throw new Error("everything waits for a slow directory");
    };
    const slow = {
      ...access,
      direct: {
        ...{ list: blocked, realPath: blocked, readLink: blocked, stat: blocked },
        readFile: blocked,
      },
    };
    // Nor is asking what kind it is a reason to wait.
    const plain = await readDirectory(slow, `${dir.path}/plain`);
    assert.deepEqual([texts(plain), plain.isVolume], [{ a: "2" }, false]);
    assert.ok((await readDirectory(access, volume.path)).isVolume);
  });
}

Deno.test("readDirectory() starts over when a version vanishes while it is read", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1", b: "1" });
  let swaps = 0;
  const access: DirectoryAccess = {
    ...PATIENT,
    async list(path) {
      const listed = await denoDirectoryAccess.list(path);
      if (path.includes("/..2026") && swaps++ < 4) {
        await volume.swap({ a: `${swaps}`, b: `${swaps}` });
      }
      return listed;
    },
  };
  assert.deepEqual(texts(await readDirectory(access, volume.path)), { a: "4", b: "4" });
});

Deno.test("readDirectory() does not take a half-deleted version for a whole one", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1", b: "1" });
  let isSwapped = false;
  const access: DirectoryAccess = {
    ...PATIENT,
    async list(path) {
      const listed = await denoDirectoryAccess.list(path);
      if (isSwapped || !path.includes("/..2026")) return listed;
      isSwapped = true;
      // The next version is in place, and of the one just listed one file is deleted so far.
      await Deno.mkdir(`${volume.path}/..next`);
      for (const name of ["a", "b"]) await Deno.writeTextFile(`${volume.path}/..next/${name}`, "2");
      await Deno.symlink("..next", `${volume.path}/..data_tmp`);
      await Deno.rename(`${volume.path}/..data_tmp`, `${volume.path}/..data`);
      await Deno.remove(`${path}/b`);
      return listed;
    },
  };
  assert.deepEqual(texts(await readDirectory(access, volume.path)), { a: "2", b: "2" });
});

Deno.test("readDirectory() does not take a version listed during its deletion for a whole one", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1", b: "1" });
  let replaced: string | undefined;
  const access: DirectoryAccess = {
    ...PATIENT,
    async list(path) {
      const listed = await denoDirectoryAccess.list(path);
      if (replaced !== undefined || !path.includes("/..2026")) return listed;
      replaced = path;
      await volume.swap({ a: "2", b: "2" });
      return listed?.filter(({ name }) => name !== "b");
    },
    // What is listed is read before it is deleted, too.
    readFile: async (path) =>
      replaced !== undefined && path.startsWith(replaced)
        ? new TextEncoder().encode("1")
        : await denoDirectoryAccess.readFile(path),
  };
  assert.deepEqual(texts(await readDirectory(access, volume.path)), { a: "2", b: "2" });
});

Deno.test("readDirectory() gives up after five versions that vanished", async () => {
  await using dir = await tempDir();
  const volume = await kubeletVolume(dir.path, { a: "1" });
  const access: DirectoryAccess = {
    ...PATIENT,
    async list(path) {
      const listed = await denoDirectoryAccess.list(path);
      if (path.includes("/..2026")) await volume.swap({ a: "x" });
      return listed;
    },
  };
  await assert.rejects(readDirectory(access, volume.path), /it changed 5 times while being read/);
});

Deno.test("readDirectory() leaves no failure behind that nobody hears of", async () => {
  await using dir = await tempDir();
  const { path } = await kubeletVolume(dir.path, { a: "1" });
  const { direct } = denoDirectoryAccess;
  assert(direct);
  const unheard: unknown[] = [];
  const onUnheard = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unheard.push(event.reason);
  };
  addEventListener("unhandledrejection", onUnheard);
  const denied = () => {
    throw new Error("permission denied");
  };
  const linkReads = { count: 0 };
  const accesses: DirectoryAccess[] = [
    { ...denoDirectoryAccess, direct: { ...direct, list: denied } },
    {
      ...PATIENT,
      // The link can be read before the version is listed, and not any more behind that.
      realPath: (asked) =>
        asked === path || linkReads.count++ === 0
          ? denoDirectoryAccess.realPath(asked)
          : Promise.reject(new Error("permission denied")),
    },
  ];
  for (const access of accesses) {
    await assert.rejects(readDirectory(access, path), { message: "permission denied" });
    // Until after the turn in which the runtime tells.
    await denoDirectoryAccess.stat(path);
  }
  removeEventListener("unhandledrejection", onUnheard);
  assert.deepEqual(unheard, []);
});

function texts(snapshot: { items: ReadonlyMap<string, SourceItem> }): Record<string, unknown> {
  return Object.fromEntries([...snapshot.items].map(([name, item]) => [
    name,
    "bytes" in item ? new TextDecoder().decode(item.bytes) : item,
  ]));
}
