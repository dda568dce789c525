/** From keys to files, and what is refused. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseGlob } from "./glob.ts";
import { buildPayload, hashOf, type PayloadOptions, RefusedVersion } from "./payload.ts";
import { transform } from "./transforms.ts";

const PLAIN: PayloadOptions = {
  items: new Map(),
  include: [],
  exclude: [],
  pathSeparator: "",
  onConflict: "reject",
};

function part(content: Record<string, string>, { source = "configmap a/b", folder = "" } = {}) {
  const encoder = new TextEncoder();
  return {
    source,
    folder,
    entries: new Map(Object.entries(content).map(([key, text]) => [key, encoder.encode(text)])),
  };
}

function paths(content: Record<string, string>, options: Partial<PayloadOptions> = {}): string[] {
  return [...buildPayload([part(content)], { ...PLAIN, ...options }).keys()];
}

Deno.test("buildPayload() maps, filters and nests keys", () => {
  assert.deepEqual(paths({ "a.conf": "1", b: "2" }), ["a.conf", "b"]);
  assert.deepEqual(paths({ a: "1", b: "2" }, { items: new Map([["a", "x/y.conf"]]) }), [
    "x/y.conf",
  ]);
  assert.deepEqual(paths({ "a.yml": "", "b.yml": "", c: "" }, { include: [parseGlob("*.yml")] }), [
    "a.yml",
    "b.yml",
  ]);
  const both = { include: [parseGlob("*.yml")], exclude: [parseGlob("b*")] };
  assert.deepEqual(paths({ "a.yml": "", "b.yml": "" }, both), ["a.yml"]);
  assert.deepEqual(paths({ "d__x": "" }, { pathSeparator: "__" }), ["d/x"]);
  assert.deepEqual([...buildPayload([part({ k: "" }, { folder: "sub" })], PLAIN).keys()], [
    "sub/k",
  ]);
});

Deno.test("buildPayload() refuses what could be written elsewhere or twice", async (t) => {
  for (
    const key of [
      "../x",
      "/x",
      "a/../b",
      "a//b",
      "..data",
      "..x",
      "a/.",
      "",
      "a\0b",
      "x".repeat(256),
    ]
  ) {
    await t.step(JSON.stringify(key.slice(0, 20)), () => {
      assert.throws(() => paths({ [key]: "" }), RefusedVersion);
    });
  }
  assert.throws(() => paths({ a: "", "a/b": "" }), /a file and a folder/);
  const two = [part({ k: "1" }), part({ k: "2" }, { source: "secret a/c" })];
  assert.throws(() => buildPayload(two, PLAIN), /comes from configmap a\/b and from secret a\/c/);
  const last = buildPayload(two, { ...PLAIN, onConflict: "last-wins" });
  assert.equal(new TextDecoder().decode(last.get("k")), "2");
});

Deno.test("buildPayload() never lets a path out of the directory", () => {
  fc.assert(fc.property(fc.string(), fc.constantFrom("", "_", "__"), (key, pathSeparator) => {
    try {
      for (const path of paths({ [key]: "" }, { pathSeparator })) {
        const resolved = new URL(
          `file:///root/${path.split("/").map(encodeURIComponent).join("/")}`,
        );
        assert.ok(resolved.pathname.startsWith("/root/"), path);
        assert.ok(!path.startsWith("..") && !path.split("/").includes(".."), path);
      }
    } catch (error) {
      assert.ok(error instanceof RefusedVersion);
    }
  }));
});

Deno.test("hashOf() depends on paths and contents, not on their order", async () => {
  const one = buildPayload([part({ a: "1", b: "2" })], PLAIN);
  const other = buildPayload([part({ b: "2", a: "1" })], PLAIN);
  assert.equal(await hashOf(one), await hashOf(other));
  assert.notEqual(await hashOf(one), await hashOf(buildPayload([part({ a: "12", b: "" })], PLAIN)));
  // printf 'a\0001\0001b\0001\0002' | sha256sum
  assert.equal(
    await hashOf(one),
    "a8eca051b64510e4f82137f9f52c62dddab848d342c5f128657243481396f973",
  );
});

async function gzip(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const TRANSFORMS = {
  gunzip: [],
  envsubst: [],
  envsubstMissing: "keep",
  env: { HOST: "h" },
} as const;

Deno.test("transform() decompresses what is gzip, and leaves other content its name", async () => {
  const payload = new Map([
    ["a.yml.gz", await gzip("k: $(HOST)")],
    ["b.gz", new TextEncoder().encode("plain")],
    [".gz", await gzip("all")],
  ]);
  const { payload: unpacked } = await transform(payload, {
    ...TRANSFORMS,
    gunzip: [parseGlob("*.gz")],
    envsubst: [parseGlob("a*")],
  });
  const texts = [...unpacked].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]);
  assert.deepEqual(texts, [["a.yml", "k: h"], ["b.gz", "plain"], [".gz", "all"]]);
});

Deno.test("transform() refuses corrupt data and, when asked, variables that are not set", async () => {
  const broken = (await gzip("x".repeat(1000))).subarray(0, 20);
  await assert.rejects(
    transform(new Map([["a.gz", broken]]), { ...TRANSFORMS, gunzip: [parseGlob("*")] }),
    /corrupt gzip/,
  );
  const text = new Map([["a", new TextEncoder().encode("$(NONE) $(HOST) $NOT ${NOT}")]]);
  const run = async (envsubstMissing: "keep" | "empty" | "reject") => {
    const { payload, missingVariables } = await transform(text, {
      ...TRANSFORMS,
      envsubst: [parseGlob("*")],
      envsubstMissing,
    });
    return [new TextDecoder().decode(payload.get("a")), missingVariables];
  };
  assert.deepEqual(await run("keep"), ["$(NONE) h $NOT ${NOT}", 1]);
  assert.deepEqual(await run("empty"), [" h $NOT ${NOT}", 1]);
  await assert.rejects(run("reject"), /needs the variable "NONE"/);
});

Deno.test("transform() replaces variables in bytes that are no UTF-8, and keeps all other bytes", async () => {
  const encode = (text: string) => [...new TextEncoder().encode(text)];
  const bom = [0xef, 0xbb, 0xbf];
  const bytes = new Uint8Array([
    ...bom,
    ...encode("$(HOST)"),
    0xff,
    0xfe,
    ...encode("$(HOST)\u00e9"),
  ]);
  const { payload } = await transform(new Map([["a", bytes]]), {
    ...TRANSFORMS,
    envsubst: [parseGlob("*")],
    env: { HOST: "h\u00fc" },
  });
  const expected = [...bom, ...encode("h\u00fc"), 0xff, 0xfe, ...encode("h\u00fc\u00e9")];
  assert.deepEqual([...payload.get("a") ?? []], expected);
});

Deno.test("transform() refuses names that are no files without .gz, and files that are large together", async () => {
  const unpack = (payload: ReadonlyMap<string, Uint8Array>) =>
    transform(payload, { ...TRANSFORMS, gunzip: [parseGlob("*")] });
  const packed = await gzip("x");
  for (const path of ["a/...gz", "a/..gz", "...gz"]) {
    await assert.rejects(unpack(new Map([[path, packed]])), RefusedVersion, path);
  }
  const beside = new Map([["a.gz", packed], ["a/b", packed]]);
  await assert.rejects(unpack(beside), /a file and a folder/);
  const large = await gzip("x".repeat(40 * 1024 * 1024));
  await unpack(new Map([["a", large]]));
  await assert.rejects(unpack(new Map([["a", large], ["b", large]])), /bytes unpacked/);
});
