/** What the API answers besides the recorded answers of tests/compat/spring_config. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { tempDir } from "#tests/support/temp_dir.ts";
import type { LoadOutcome, Upstream } from "../upstream/upstream.ts";
import { createFileRepository } from "./file_repository.ts";
import { openOverrides, type ReadOverrides } from "./overrides.ts";
import { createSpringUpstream } from "./spring_upstream.ts";
import { splitKey, springKey } from "./variant.ts";

const NEVER = new AbortController().signal;

function upstreamOf(
  files: Record<string, string>,
  {
    acceptEmpty = true,
    maxObjectBytes = 10_000,
    raw = undefined as Upstream | undefined,
    searchPaths = [""],
    overrides = undefined as ReadOverrides | undefined,
    lastModifiedMs = undefined as number | undefined,
  } = {},
): Upstream {
  return createSpringUpstream({ acceptEmpty, maxObjectBytes }, {
    kind: "dir",
    overrides,
    raw,
    repository: createFileRepository({ searchPaths, labelDirs: true }, {
      read(path) {
        const text = files[path];
        return Promise.resolve(
          text === undefined
            ? undefined
            : { bytes: new TextEncoder().encode(text), lastModifiedMs },
        );
      },
      describe: (path) => path,
    }),
    watch: () => Promise.reject(new Error("nothing to watch")),
  });
}

function textOf(outcome: LoadOutcome): string {
  return outcome.kind === "found" ? new TextDecoder().decode(outcome.bytes) : outcome.kind;
}

Deno.test("an application without sources is empty, or missing when that is wanted", async () => {
  assert.match(textOf(await upstreamOf({}).load("/a/dev", NEVER)), /"propertySources":\[\]/);
  assert.equal(
    textOf(await upstreamOf({}, { acceptEmpty: false }).load("/a/dev", NEVER)),
    "missing",
  );
});

Deno.test("overrides outrank every source, of applications that are there", async () => {
  await using dir = await tempDir();
  const path = await dir.write("o.json", '{"k": {"a": 1}, "host": "h"}');
  const overrides = await openOverrides(path);
  const files = { "a.yml": "k: {a: 2, b: 3}", "n.conf": "at ${host}" };
  const upstream = upstreamOf(files, { overrides, acceptEmpty: false });
  const environment = JSON.parse(textOf(await upstream.load("/a/dev", NEVER)));
  assert.deepEqual(environment.propertySources[0], {
    name: "overrides",
    source: { "k.a": 1, host: "h" },
  });
  assert.equal(textOf(await upstream.load("/a-dev.yml", NEVER)), "k:\n  a: 1\n  b: 3\nhost: h\n");
  assert.equal(textOf(await upstream.load("/a/dev/main/n.conf", NEVER)), "at h");
  assert.equal(textOf(await upstream.load("/other/dev", NEVER)), "missing");
  await dir.write("o.json", '{"host": "other"}');
  assert.equal(textOf(await upstream.load("/a/dev/main/n.conf", NEVER)), "at other");
});

Deno.test("overrides that cannot be read are named, at the start and later", async () => {
  await using dir = await tempDir();
  assert.equal(await openOverrides(undefined), undefined);
  await assert.rejects(
    openOverrides(`${dir.path}/absent`),
    /Cannot read overrides from ".*absent"/,
  );
  const path = await dir.write("o.json", "[1]");
  await assert.rejects(openOverrides(path), /it is no JSON object/);
  await dir.write("o.json", "{}");
  const overrides = await openOverrides(path);
  await dir.write("o.json", "{");
  const outcome = await upstreamOf({ "a.yml": "k: 1" }, { overrides }).load("/a/dev", NEVER);
  assert.ok(outcome.kind === "rejected" && outcome.status === 500);
  assert.match(outcome.body, /Cannot read overrides/);
});

Deno.test("the folder of a label outranks the folder it is in, a profile outranks both", async () => {
  const upstream = upstreamOf({
    "a.yml": "k: root",
    "v1/a.yml": "k: label",
    "a-dev.yml": "k: profile",
  });
  assert.equal(textOf(await upstream.load("/v1/a-default.yml", NEVER)), "k: label\n");
  assert.equal(textOf(await upstream.load("/a-default.yml", NEVER)), "k: root\n");
  assert.equal(textOf(await upstream.load("/v1/a-dev.yml", NEVER)), "k: profile\n");
});

Deno.test("search paths are looked into, the last one first, with their placeholders filled", async () => {
  const upstream = upstreamOf(
    { "shared/a.yml": "k: shared", "apps/a/dev/a.yml": "k: own" },
    { searchPaths: ["shared", "apps/{application}/{profile}"] },
  );
  assert.equal(textOf(await upstream.load("/a-dev.yml", NEVER)), "k: own\n");
  assert.equal(textOf(await upstream.load("/a-prod.yml", NEVER)), "k: shared\n");
});

Deno.test("with the raw interface beside it, what that has wins", async () => {
  const raw: Upstream = {
    kind: "dir",
    load: (key) =>
      Promise.resolve(
        key === "/a-dev.yml"
          ? { kind: "found", bytes: new TextEncoder().encode("raw") }
          : { kind: "missing" },
      ),
    watch: () => Promise.reject(new Error("nothing to watch")),
  };
  const upstream = upstreamOf({ "a.yml": "k: 1" }, { raw });
  assert.equal(textOf(await upstream.load("/a-dev.yml", NEVER)), "raw");
  assert.equal(textOf(await upstream.load("/a-prod.yml", NEVER)), "k: 1\n");
});

Deno.test("a file that cannot be read is 500 with the words that say where", async () => {
  const outcome = await upstreamOf({ "a.yml": "k: [1" }).load("/a/dev", NEVER);
  assert.ok(outcome.kind === "rejected");
  const body = JSON.parse(outcome.body);
  assert.equal(body.status, 500);
  assert.equal(body.path, "/a/dev");
  assert.match(body.message, /"a.yml" at line 1/);
});

Deno.test("resources: placeholders resolved, left alone, or the bytes as they are", async () => {
  const upstream = upstreamOf({ "a.yml": "host: h", "n.conf": "x ${host}" });
  const load = (query: string, accept: string | null) =>
    upstream.load(springKey("/a/dev/main/n.conf", { query, accept }), NEVER);
  assert.equal(textOf(await load("", null)), "x h");
  assert.equal(textOf(await load("resolvePlaceholders=false", null)), "x ${host}");
  const bytes = await load("", "application/octet-stream");
  assert.equal(textOf(bytes), "x ${host}");
  assert.equal(bytes.kind === "found" && bytes.contentType, "application/octet-stream");
});

Deno.test("an answer over the largest object is refused", async () => {
  const upstream = upstreamOf({ "a.yml": `k: ${"x".repeat(100)}` }, { maxObjectBytes: 50 });
  assert.equal(textOf(await upstream.load("/a-dev.yml", NEVER)), "too-large");
});

Deno.test("springKey() and splitKey() are the inverse of each other for what counts", () => {
  const path = fc.string().map((text) => `/${text.replaceAll("?", "")}`);
  fc.assert(fc.property(path, fc.boolean(), fc.boolean(), (at, resolve, label) => {
    const query = [
      ...(resolve ? [] : ["resolvePlaceholders=false"]),
      ...(label ? ["useDefaultLabel"] : []),
    ].join("&");
    assert.deepEqual(splitKey(springKey(at, { query, accept: "application/octet-stream" })), {
      path: at,
      variant: { resolvePlaceholders: resolve, useDefaultLabel: label, accept: "bytes" },
    });
    assert.equal(springKey(at, { query: "x=1&resolvePlaceholders=true", accept: "*/*" }), at);
  }));
});

Deno.test("no path, however made up, gives a fault of our own", async () => {
  const upstream = upstreamOf({ "a.yml": "k: ${k}\nl: [1, {m: ${z:1}}]" });
  const segment = fc.constantFrom("a", "dev", "a-dev.yml", "..", "(_)", "x,y", "#", "%2e", "-", "");
  await fc.assert(fc.asyncProperty(fc.array(segment, { maxLength: 6 }), async (segments) => {
    const outcome = await upstream.load(`/${segments.join("/")}`, NEVER);
    assert.ok(["found", "missing", "rejected"].includes(outcome.kind));
  }));
});

Deno.test("an environment gives its version along, for those who hear of changes", async () => {
  const upstream = createSpringUpstream({ acceptEmpty: true, maxObjectBytes: 1000 }, {
    kind: "kube",
    repository: {
      environment: () => Promise.resolve({ propertySources: [], version: "v1" }),
      resource: () => Promise.resolve(undefined),
    },
    watch: () => Promise.reject(new Error("nothing to watch")),
  });
  const outcome = await upstream.load("/a/dev", NEVER);
  assert.equal(outcome.kind === "found" && outcome.version, "v1");
});
