/** From a PATCH to the value in the program, against a bare watch loop on the same API server. */

import { denoPlatform } from "../../lib/kube/deno.ts";
import { createKubeClient, loadKubeConnection, unrestricted } from "../../lib/kube/mod.ts";
import { parseYaml } from "../../lib/format/yaml.ts";
import { silentLogger } from "../../lib/log/logger.ts";
import { configObjectSource } from "../../lib/flags/config_object_source.ts";
import { FlagSet, setup } from "../../lib/flags/mod.ts";
import { Bare } from "../kube/bare.ts";
import { openControlPlane } from "../../tests/support/control_plane.ts";
import { testNamespace } from "../../tests/support/control_plane/harness.ts";
import { median, quantile, say } from "../processes.ts";

const PATCHES = 300;

/** Measures on the server of `KCFG_TEST_KUBE`; says so when there is none. */
export async function patchLatency(): Promise<void> {
  const path = Deno.env.get("KCFG_TEST_KUBE");
  if (path === undefined) {
    say("PATCH → value: not measured, KCFG_TEST_KUBE names no kubeconfig");
    return;
  }
  const { admin } = await openControlPlane(path);
  const namespace = await testNamespace(admin);
  const target = { url: admin.url, caPem: admin.caPem ?? "", token: admin.token };
  const writer = new Bare(target);
  const watcher = new Bare(target);
  const client = createKubeClient({
    config: await loadKubeConnection({ kubeconfig: path }, {
      platform: denoPlatform(),
      parseYaml: (text) => parseYaml(text),
      logger: silentLogger,
    }),
    platform: denoPlatform(),
    scope: unrestricted(),
  });
  try {
    const maps = `/api/v1/namespaces/${namespace.name}/configmaps`;
    const created = await writer.json(maps, {
      method: "POST",
      body: JSON.stringify({ metadata: { name: "flags" }, data: { limit: "0" } }),
      headers: { "content-type": "application/json" },
    });
    const flags = new FlagSet("bench");
    const limit = flags.int("limit", 0);
    const open = () =>
      client.informer<ConfigMap>({
        resource: { group: "", version: "v1", resource: "configmaps", namespace: namespace.name },
        fieldSelector: "metadata.name=flags",
      });
    await using _ = await setup(
      flags,
      configObjectSource([{ kind: "ConfigMap", description: "flags", open }]),
    );
    const times = { bare: [] as number[], library: [] as number[] };
    let startedAt = 0;
    let seen = { bare: Promise.withResolvers<void>(), library: Promise.withResolvers<void>() };
    limit.onChange(() => {
      times.library.push(performance.now() - startedAt);
      seen.library.resolve();
    }, { sync: true });
    const { resourceVersion } = (created as unknown as ConfigMap).metadata;
    const query =
      `watch=true&fieldSelector=metadata.name%3Dflags&resourceVersion=${resourceVersion}`;
    const watching = watcher.watch(`${maps}?${query}`, ({ type, object }) => {
      if (type !== "MODIFIED") return false;
      times.bare.push(performance.now() - startedAt);
      seen.bare.resolve();
      return object.data?.["limit"] === String(PATCHES);
    });
    for (let value = 1; value <= PATCHES; value++) {
      seen = { bare: Promise.withResolvers<void>(), library: Promise.withResolvers<void>() };
      startedAt = performance.now();
      await Promise.all([
        writer.json(`${maps}/flags`, {
          method: "PATCH",
          body: JSON.stringify({ data: { limit: String(value) } }),
          headers: { "content-type": "application/merge-patch+json" },
        }),
        seen.bare.promise,
        seen.library.promise,
      ]);
    }
    await watching;
    for (const [name, values] of Object.entries(times)) {
      const ratio = [0.5, 0.99].map((share) =>
        quantile(values, share) / quantile(times.bare, share)
      );
      say(
        `PATCH → ${name.padEnd(8)} p50 ${median(values).toFixed(2)} ms   p99 ${
          quantile(values, 0.99).toFixed(2)
        } ms   ratio ${ratio.map((one) => one.toFixed(2)).join(" / ")}`,
      );
    }
  } finally {
    await client.close();
    writer.close();
    watcher.close();
    await namespace[Symbol.asyncDispose]();
  }
}

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}
