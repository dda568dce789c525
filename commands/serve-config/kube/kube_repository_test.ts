/** Environments of ConfigMaps and Secrets: the passes, the names of sources, what an object contributes. */

import assert from "node:assert/strict";
import { SpringError } from "../spring/environment.ts";
import { propertyText } from "../spring/properties.ts";
import type { ConfigKind, ConfigObject } from "#lib/kube/config_object.ts";
import { createKubeRepository } from "./kube_repository.ts";

const NEVER = new AbortController().signal;

type Content = Record<string, string>;

/** A repository of objects written as `configmap ns/name` or `ns/name`, and what was skipped. */
function repositoryOf(
  contents: Record<string, Content>,
  { kinds = ["configmap", "secret"] as readonly ConfigKind[], namespaces = ["default"] } = {},
) {
  const stored = new Map<string, ConfigObject>();
  for (const [title, content] of Object.entries(contents)) {
    const [kind, path = ""] = title.includes(" ") ? title.split(" ") : ["configmap", title];
    const [namespace = "", name = ""] = path.split("/");
    const encoder = new TextEncoder();
    stored.set(`${kind} ${path}`, {
      kind: kind as ConfigKind,
      ...{ namespace, name, resourceVersion: "1" },
      entries: new Map(Object.entries(content).map(([key, text]) => [key, encoder.encode(text)])),
    });
  }
  const skipped: string[] = [];
  const repository = createKubeRepository({
    kinds,
    namespaces,
    get: (kind, namespace, name) => stored.get(`${kind} ${namespace}/${name}`),
  }, { onSkipped: ({ name }, key) => skipped.push(`${name}/${key}`) });
  async function sources(application: string, ...profiles: string[]) {
    const { propertySources } = await repository.environment(
      { application, profiles, label: undefined },
      NEVER,
    );
    return propertySources.map(({ name, properties }) => [
      name,
      Object.fromEntries([...properties].map(([key, value]) => [key, propertyText(value)])),
    ]);
  }
  return { repository, sources, skipped };
}

Deno.test("createKubeRepository() orders sources by name, profile, kind and namespace", async () => {
  const one = { a: "1" };
  const { sources } = repositoryOf({
    "default/stores": one,
    "default/stores-dev": one,
    "secret default/stores": one,
    "secret default/stores-dev": one,
    "default/application": one,
    "secret default/application": one,
  });
  assert.deepEqual((await sources("stores", "dev")).map(([name]) => name), [
    "configmap.stores-dev.default.dev",
    "secret.stores-dev.default.dev",
    "configmap.stores.default.default",
    "secret.stores.default.default",
    "configmap.application.default.default",
    "secret.application.default.default",
  ]);
});

Deno.test("createKubeRepository() lets the profile named last win, and asks for each once", async () => {
  const { sources } = repositoryOf({ "default/a-x": { k: "x" }, "default/a-y": { k: "y" } });
  assert.deepEqual((await sources("a", "x", "y", "x")).map(([name]) => name), [
    "configmap.a-y.default.y",
    "configmap.a-x.default.x",
  ]);
});

Deno.test("createKubeRepository() takes the default profile's own object into its pass", async () => {
  const { sources } = repositoryOf({
    "default/a": { k: "1", l: "1" },
    "default/a-default": { k: "2" },
  });
  assert.deepEqual(await sources("a", "default"), [
    ["configmap.a.a-default.default.default", { k: "2", l: "1" }],
  ]);
});

Deno.test("createKubeRepository() serves several namespaces, the first one strongest", async () => {
  const { sources } = repositoryOf(
    { "two/a": { k: "2" }, "one/a": { k: "1" } },
    { namespaces: ["one", "two"] },
  );
  assert.deepEqual((await sources("a", "default")).map(([name]) => name), [
    "configmap.a.one.default",
    "configmap.a.two.default",
  ]);
});

Deno.test("createKubeRepository() does not ask twice for an application called application", async () => {
  const { sources } = repositoryOf({ "default/application": { k: "1" } });
  assert.equal((await sources("application", "default")).length, 1);
});

Deno.test("an object contributes the files of the application and the plain entries over them", async () => {
  const { sources, skipped } = repositoryOf({
    "default/a": {
      "a.yml": "k: file\nl: file\n",
      "a-dev.properties": "l=dev",
      "other.yml": "k: other",
      k: "plain",
    },
  });
  assert.deepEqual(await sources("a", "default"), [
    ["configmap.a.default.default", { k: "plain", l: "file" }],
  ]);
  assert.deepEqual(skipped, ["a/other.yml"]);
  assert.deepEqual(await sources("a", "dev"), [
    ["configmap.a.default.dev", { l: "dev" }],
    ["configmap.a.default.default", { k: "plain", l: "file" }],
  ]);
});

Deno.test("an object with a single file contributes it whatever its name", async () => {
  const { sources, skipped } = repositoryOf({ "default/a": { "application.yaml": "k: 1" } });
  assert.deepEqual(await sources("a", "default"), [["configmap.a.default.default", { k: "1" }]]);
  assert.deepEqual(skipped, []);
});

Deno.test("documents of a file count by the profiles of the request", async () => {
  const { sources } = repositoryOf({
    "default/a": {
      "a.yml": "k: base\n---\nspring.config.activate.on-profile: dev\nk: dev\n---\n" +
        'spring.config.activate.on-profile: "!dev"\nk: notdev\n',
    },
  });
  const valueFor = async (...profiles: string[]) => {
    const [first] = await sources("a", ...profiles);
    return (first?.[1] as Record<string, string>)["k"];
  };
  assert.equal(await valueFor("dev"), "dev");
  assert.equal(await valueFor("prod"), "notdev");
});

Deno.test("plain values of Secrets lose the white space around them", async () => {
  const { sources } = repositoryOf({ "secret default/a": { password: "geheim\n" } });
  assert.deepEqual(await sources("a", "default"), [
    ["secret.a.default.default", { password: "geheim" }],
  ]);
});

Deno.test("a file that cannot be read is an error that names it", async () => {
  const { sources } = repositoryOf({ "default/a": { "a.yml": "k: [1" } });
  await assert.rejects(
    sources("a", "default"),
    (error) =>
      error instanceof SpringError && error.status === 500 &&
      error.message.includes("configmap default/a, key a.yml"),
  );
});

Deno.test("the version changes with the objects that contribute, and only with them", async () => {
  const version = async (contents: Record<string, Content>) =>
    (await repositoryOf(contents).repository.environment(
      { application: "a", profiles: ["default"], label: undefined },
      NEVER,
    )).version;
  const alone = await version({ "default/a": { k: "1" } });
  assert.match(alone ?? "", /^[0-9a-f]{40}$/);
  assert.equal(await version({ "default/a": { k: "1" }, "default/b": { k: "1" } }), alone);
  assert.notEqual(
    await version({ "default/a": { k: "1" }, "default/application": { k: "1" } }),
    alone,
  );
  assert.equal(await version({}), null);
});

Deno.test("resource() finds the profile's file before the plain one", async () => {
  const { repository } = repositoryOf({
    "default/a": { "nginx.conf": "plain", "nginx-dev.conf": "dev" },
    "default/application": { "shared.txt": "shared" },
  });
  const text = async (path: string, ...profiles: string[]) => {
    const found = await repository.resource(
      { application: "a", profiles, label: "main", path },
      NEVER,
    );
    return found && new TextDecoder().decode(found.bytes);
  };
  assert.equal(await text("nginx.conf", "dev"), "dev");
  assert.equal(await text("nginx.conf", "prod"), "plain");
  assert.equal(await text("shared.txt", "prod"), "shared");
  assert.equal(await text("none.txt", "prod"), undefined);
});
