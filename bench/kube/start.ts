/**
 * What a command pays for its first request, bundled and started by `bench/kube.ts`: with `kube` the client, with
 * `bare` `node:http2` alone, with `idle` an informer that then does nothing.
 */

const [kind = ""] = Deno.args;
const { url, caPem } = JSON.parse(Deno.env.get("KCFG_BENCH_TARGET") ?? "{}");
const collection = "/api/v1/namespaces/idle/configmaps";
const startMs = performance.now();
let readyMs = 0;
if (kind === "bare") {
  const { Bare } = await import("./bare.ts");
  const bare = new Bare({ url, caPem });
  readyMs = performance.now();
  await bare.json(collection);
} else {
  const { createKubeClient, unrestricted } = await import("../../lib/kube/mod.ts");
  const { denoPlatform } = await import("../../lib/kube/deno.ts");
  const client = createKubeClient({
    scope: unrestricted(),
    platform: denoPlatform(),
    config: { server: url, certificateAuthority: { text: caPem } },
  });
  readyMs = performance.now();
  const ref = { group: "", version: "v1", resource: "configmaps", namespace: "idle" };
  if (kind === "idle") {
    const informer = client.informer({ resource: ref });
    informer.start();
    await informer.synced;
  } else await client.list(ref);
}
const times = { constructMs: readyMs - startMs, firstAnswerMs: performance.now() - startMs };
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(times)}\n`));
if (kind !== "idle") Deno.exit(0);
