/** The measured process of `bench/kube.ts`: one case by its first argument, figures as one line of JSON. */

import { cpuUsage } from "node:process";
import { createKubeClient } from "#lib/kube/client.ts";
import { denoPlatform } from "#lib/kube/deno.ts";
import type { KubeClient } from "#lib/kube/contract.ts";
import { unrestricted } from "#lib/kube/scope/client_scope.ts";
import { Bare, type Target } from "./bare.ts";
import { EVENTS, OBJECTS, PAGE } from "./sizes.ts";

const COLLECTION = "/api/v1/namespaces/bench/configmaps";
const REF = { group: "", version: "v1", resource: "configmaps", namespace: "bench" } as const;

/** The same objects, and a watch on which nothing happens. */
const QUIET = { ...REF, namespace: "quiet" };

/** An empty collection with a watch full of events. */
const WATCHED = { ...REF, namespace: "watched" };

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

type Work = () => Promise<void>;

function clientOf(
  { url, caPem, token }: Target,
  { disableCompression = false }: { readonly disableCompression?: boolean } = {},
): KubeClient {
  return createKubeClient({
    scope: unrestricted(),
    qps: -1,
    platform: denoPlatform(),
    config: {
      server: url,
      certificateAuthority: { text: caPem },
      token: { text: token },
      allowInsecureCredentials: true,
      disableCompression,
    },
  });
}

async function cost(work: Work): Promise<Cost> {
  (globalThis as { readonly gc?: () => void }).gc?.();
  const before = cpuUsage();
  const startMs = performance.now();
  await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = cpuUsage(before);
  return { wallMs, cpuMs: (user + system) / 1000 };
}

/** Rounds in turn, so that a change of the machine's speed hits both; the first ones are not counted. */
async function inTurn(
  rounds: number,
  works: { readonly bare: Work; readonly kube: Work },
): Promise<{ readonly bare: Cost[]; readonly kube: Cost[] }> {
  const costs: { readonly bare: Cost[]; readonly kube: Cost[] } = { bare: [], kube: [] };
  for (let round = -2; round < rounds; round++) {
    for (const name of ["bare", "kube"] as const) {
      const took = await cost(works[name]);
      if (round >= 0) costs[name].push(took);
    }
  }
  return costs;
}

async function list(target: Target, { paged }: { readonly paged: boolean }) {
  const client = clientOf(target, { disableCompression: !paged });
  const bare = new Bare(target);
  const headers: Record<string, string> = paged ? { "accept-encoding": "gzip" } : {};
  const check = (count: number) => {
    if (count !== OBJECTS) throw new Error(`Cannot measure: ${count} objects came`);
  };
  const result = await inTurn(15, {
    async bare() {
      let items: unknown[] = [];
      let token: string | undefined = "0";
      while (token !== undefined) {
        const query = paged ? `?limit=${PAGE}${token === "0" ? "" : `&continue=${token}`}` : "";
        const page = await bare.json(COLLECTION + query, { headers });
        items = items.concat(page["items"]);
        token = (page["metadata"] as { readonly continue?: string }).continue;
      }
      check(items.length);
    },
    async kube() {
      check((await client.list(REF, { limit: paged ? PAGE : 0 })).items.length);
    },
  });
  return result;
}

async function watch(target: Target) {
  const bare = new Bare(target);
  const client = clientOf(target);
  const result = await inTurn(9, {
    async bare() {
      const store = new Map<string, unknown>();
      let events = 0;
      await bare.watch(`${COLLECTION}?watch=true`, ({ object }) => {
        store.set(object.metadata.name, object);
        events += 1;
        return events === EVENTS;
      });
    },
    async kube() {
      const informer = client.informer({ resource: WATCHED });
      let events = 0;
      await new Promise<void>((resolve) => {
        informer.addHandler((event) => {
          if ("object" in event) events += 1;
          if (events === EVENTS) resolve();
        });
        informer.start();
      });
      await informer.stop();
    },
  });
  return result;
}

/** Heap of what a list of parsed objects, or an informer of them, holds; bytes per object. */
async function memory(target: Target, kind: string) {
  const { gc } = globalThis as { readonly gc?: () => void };
  const client = clientOf(target);
  const bare = new Bare(target);
  // Everything is loaded and compiled before the count starts.
  await client.list({ ...REF, namespace: "idle" });
  await bare.json("/api/v1/namespaces/idle/configmaps");
  gc?.();
  const before = Deno.memoryUsage().heapUsed;
  const informer = client.informer({ resource: QUIET });
  const held: unknown[] = [];
  if (kind === "bare") held.push(await bare.json(COLLECTION));
  else {
    informer.start();
    await informer.synced;
  }
  gc?.();
  await new Promise<void>((resolve) => setTimeout(resolve, 200));
  gc?.();
  const bytes = (Deno.memoryUsage().heapUsed - before) / OBJECTS;
  if (held.length + informer.list().length === 0) {
    throw new Error("Cannot measure: nothing is held");
  }
  return { bytes };
}

const PATCHES = 200;

/** From the start of a PATCH to the handler, on a real API server. */
async function latency(target: Target, namespace: string) {
  const writer = new Bare(target);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const ref = { ...REF, namespace };
  const metadata = { name: "bench", namespace };
  await writer.json(path, { method: "POST", body: JSON.stringify({ metadata, data: { n: "" } }) });
  const result: { readonly bare: number[]; readonly kube: number[] } = { bare: [], kube: [] };
  let arrived: (value: string) => void = () => {};
  const patchAll = async (times: number[], round: number) => {
    for (let i = 0; i < PATCHES; i++) {
      const value = `${round}-${times.length}`;
      const seen = new Promise<void>((resolve) => {
        arrived = (given) => {
          if (given === value) resolve();
        };
      });
      const startMs = performance.now();
      const patched = writer.json(`${path}/bench`, {
        method: "PATCH",
        headers: { "content-type": "application/merge-patch+json" },
        body: JSON.stringify({ data: { n: value } }),
      });
      await seen;
      times.push(performance.now() - startMs);
      await patched;
    }
  };
  for (let round = 0; round < 6; round++) {
    const bare = new Bare(target);
    let isOver = false;
    const watching = bare.watch(`${path}?watch=true&resourceVersion=0`, ({ object }) => {
      arrived(object.data?.["n"] ?? "");
      return isOver;
    }).catch(() => {});
    await patchAll(round === 0 ? [] : result.bare, round);
    isOver = true;
    bare.close();
    await watching;
    const client = clientOf(target);
    const informer = client.informer({ resource: ref });
    informer.addHandler((event) => {
      if ("object" in event) arrived((event.object["data"] as { readonly n?: string }).n ?? "");
    });
    informer.start();
    await informer.synced;
    await patchAll(round === 0 ? [] : result.kube, round);
    await client.close();
  }
  writer.close();
  return result;
}

const [name = "", detail = ""] = Deno.args;
const target: Target = JSON.parse(Deno.env.get("KCFG_BENCH_TARGET") ?? "{}");
const cases: Readonly<Record<string, () => Promise<unknown>>> = {
  "list-paged": () => list(target, { paged: true }),
  "list-whole": () => list(target, { paged: false }),
  watch: () => watch(target),
  memory: () => memory(target, detail),
  latency: () => latency(target, detail),
};
const figures = await cases[name]?.();
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(figures)}\n`));
Deno.exit(0);
