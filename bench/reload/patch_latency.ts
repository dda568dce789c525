/** From a PATCH at a real API server to the files and to the signal, and how a burst ends. */

import { openControlPlane } from "../../tests/support/control_plane.ts";
import { testNamespace } from "../../tests/support/control_plane/harness.ts";
import { Bare } from "../kube/bare.ts";
import { median, quantile, say } from "../processes.ts";
import { pause, startReady } from "./fixture.ts";

const PATCHES = 60;
const BETWEEN_MS = 260;
const BURST = 20;
const BURST_GAP_MS = 50;

/** A child that says over a connection when the signal came. */
const CHILD = (port: number) => `
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: ${port} });
  Deno.addSignalListener("SIGHUP", () => void connection.write(new Uint8Array(1)));
  await connection.read(new Uint8Array(1));`;

/** Measures on the server of `KCFG_TEST_KUBE`; says so when there is none. */
export async function patchLatency(folder: string, entry: string): Promise<void> {
  const kubeconfig = Deno.env.get("KCFG_TEST_KUBE");
  if (kubeconfig === undefined) {
    say("PATCH → files: not measured, KCFG_TEST_KUBE names no kubeconfig");
    return;
  }
  const { admin } = await openControlPlane(kubeconfig);
  await using namespace = await testNamespace(admin);
  const target = { url: admin.url, caPem: admin.caPem ?? "", token: admin.token };
  const writer = new Bare(target);
  const watcher = new Bare(target);
  const maps = `/api/v1/namespaces/${namespace.name}/configmaps`;
  const send = (method: string, path: string, type: string, body: unknown) =>
    writer.json(path, {
      method,
      body: JSON.stringify(body),
      headers: { "content-type": type },
    });
  const patch = (value: string) =>
    send("PATCH", `${maps}/app`, "application/merge-patch+json", { data: { value } });
  const created = await send("POST", maps, "application/json", {
    metadata: { name: "app" },
    data: { value: "0" },
  }) as unknown as { readonly metadata: { readonly resourceVersion: string } };

  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const root = `${folder}/patched`;
  const source = `data:application/javascript,${encodeURIComponent(CHILD(listener.addr.port))}`;
  const starting = startReady([
    ...[entry, "--kubeconfig", kubeconfig, `--configmap=${namespace.name}/app`],
    ...[`--configroot=${root}`, "--reload-min-interval=0"],
    ...["--", Deno.execPath(), "run", "-A", "--quiet", source],
  ]);
  const connection = await listener.accept();
  await using _kcfg = await starting;
  const seen = { bare: deferred(), files: deferred(), signal: deferred() };
  const signals = (async () => {
    while (await connection.read(new Uint8Array(1)).catch(() => null) !== null) {
      seen.signal.resolve(performance.now());
    }
  })();
  const events = Deno.watchFs(root, { recursive: false });
  const files = (async () => {
    for await (const { paths } of events) {
      if (paths.some((path) => path.endsWith("/..data"))) seen.files.resolve(performance.now());
    }
  })();
  const query =
    `watch=true&fieldSelector=metadata.name%3Dapp&resourceVersion=${created.metadata.resourceVersion}`;
  const watching = watcher.watch(`${maps}?${query}`, ({ type, object }) => {
    if (type === "MODIFIED") seen.bare.resolve(performance.now());
    return (object["data"] as { readonly value?: string } | undefined)?.value === "end";
  });
  try {
    const times: Record<keyof typeof seen, number[]> = { bare: [], files: [], signal: [] };
    await pause(1500);
    for (let value = 1; value <= PATCHES; value++) {
      for (const name of ["bare", "files", "signal"] as const) seen[name] = deferred();
      const startedAt = performance.now();
      const [bare, written, signalled] = await Promise.all([
        ...[seen.bare.promise, seen.files.promise, seen.signal.promise],
        patch(String(value)),
      ]);
      times.bare.push(Number(bare) - startedAt);
      times.files.push(Number(written) - startedAt);
      times.signal.push(Number(signalled) - startedAt);
      await pause(BETWEEN_MS);
    }
    for (const [name, values] of Object.entries(times)) {
      say(
        `PATCH → ${name.padEnd(8)} p50 ${median(values).toFixed(2)} ms   p99 ${
          quantile(values, 0.99).toFixed(2)
        } ms   ratio ${(median(values) / median(times.bare)).toFixed(2)}`,
      );
    }
    await patch("end");
    await pause(1000);
    await burst(patch, root);
  } finally {
    events.close();
    connection.close();
    await Promise.all([signals, files, watching]);
    writer.close();
    watcher.close();
  }
}

async function burst(
  patch: (value: string) => Promise<unknown>,
  root: string,
): Promise<void> {
  for (let change = 1; change <= BURST; change++) {
    await patch(`burst ${change}`);
    if (change < BURST) await pause(BURST_GAP_MS);
  }
  const lastAt = performance.now();
  while (await Deno.readTextFile(`${root}/value`) !== `burst ${BURST}`) await pause(1);
  say(
    `burst of ${BURST} changes → the last one on disk ${
      (performance.now() - lastAt).toFixed(0)
    } ms after it`,
  );
}

function deferred(): PromiseWithResolvers<number> {
  return Promise.withResolvers<number>();
}
