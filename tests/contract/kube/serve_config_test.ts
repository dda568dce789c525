/** The ring's discovery and the review of tokens, on a real API server. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { systemClock } from "#lib/run/clock.ts";
import type { KubeSettings } from "#lib/kube/deno_client.ts";
import { loadConnection } from "#lib/kube/deno_connection.ts";
import { createKubeClient, unrestricted } from "#lib/kube/mod.ts";
import { denoPlatform } from "#lib/kube/deno.ts";
import { parseYaml } from "#lib/format/yaml.ts";
import { openControlPlane } from "#tests/support/control_plane.ts";
import { testNamespace } from "#tests/support/control_plane/harness.ts";
import { eventually } from "#tests/support/eventually.ts";
import { createKubeReviewer } from "../../../commands/serve-config/auth/kube_reviewer.ts";
import { createTokenReview } from "../../../commands/serve-config/auth/token_review.ts";
import { discoverPods } from "../../../commands/serve-config/ring/pod_discovery.ts";

const kubeconfig = Deno.env.get("KCFG_TEST_KUBE");
const reason = kubeconfig === undefined ? ": KCFG_TEST_KUBE is not set" : "";

const SETTINGS: KubeSettings = {
  flags: { kubeconfig },
  requestTimeoutMs: 30_000,
  qps: -1,
  burst: 40,
  userAgent: undefined,
  hideApiWarnings: true,
  traceBodies: false,
} as KubeSettings;

async function withNamespace(
  run: (client: ReturnType<typeof createKubeClient>, namespace: string) => Promise<void>,
): Promise<void> {
  const { admin } = await openControlPlane(kubeconfig ?? "");
  await using namespace = await testNamespace(admin);
  const client = createKubeClient({
    config: await loadConnection({ kubeconfig }),
    platform: denoPlatform(),
    scope: unrestricted(),
    qps: -1,
  });
  try {
    await run(client, namespace.name);
  } finally {
    await client.close();
  }
}

Deno.test({
  name: `peers are the ready pods with the own pod's label${reason}`,
  ignore: kubeconfig === undefined,
  fn: () =>
    withNamespace(async (client, namespace) => {
      const pods = { group: "", version: "v1", resource: "pods", namespace };
      const create = (name: string, app: string) =>
        client.create(pods, {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name, labels: { app } },
          spec: { containers: [{ name: "c", image: "i" }], automountServiceAccountToken: false },
        });
      const setReady = (name: string, podIP: string, ready: "True" | "False") =>
        client.patchStatus({ ...pods, name }, {
          type: "merge",
          body: {
            status: {
              phase: "Running",
              podIP,
              podIPs: [{ ip: podIP }],
              conditions: [{ type: "Ready", status: ready }],
            },
          },
        } as never);
      await eventually("the namespace has its account", async () => {
        try {
          await create("me", "kcfg");
          return true;
        } catch (error) {
          if (/serviceaccount/.test(String(error))) return false;
          throw error;
        }
      });
      await create("peer", "kcfg");
      await create("stranger", "other");
      const seen: string[] = [];
      const stopping = new AbortController();
      const discovery = discoverPods({
        kind: "kubernetes",
        isAuto: false,
        selector: undefined,
        debounceMs: 20,
        podName: "me",
        namespace,
      }, {
        kube: SETTINGS,
        clock: systemClock,
        log: silentLogger,
        random: Math.random,
        onPeers: (addresses) => seen.push([...addresses].sort().join(" ")),
        onEvent() {},
        signal: stopping.signal,
      });
      const until = (peers: string) => eventually(`peers "${peers}"`, () => seen.at(-1) === peers);
      await until("");
      assert.equal(discovery.check().status, "ok");
      await setReady("me", "10.0.0.1", "True");
      await setReady("peer", "10.0.0.2", "True");
      await setReady("stranger", "10.0.0.3", "True");
      await until("10.0.0.1 10.0.0.2");
      await setReady("peer", "10.0.0.2", "False");
      await until("10.0.0.1");
      await setReady("peer", "10.0.0.2", "True");
      await until("10.0.0.1 10.0.0.2");
      await client.delete({ ...pods, name: "peer" }, { gracePeriodSeconds: 0 } as never);
      await until("10.0.0.1");
      stopping.abort();
      await discovery.finished;
    }),
});

Deno.test({
  name: `tokens of service accounts are judged by the API server${reason}`,
  ignore: kubeconfig === undefined,
  fn: () =>
    withNamespace(async (client, namespace) => {
      const accounts = { group: "", version: "v1", resource: "serviceaccounts", namespace };
      await client.create(accounts, {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "orders", annotations: { "kcfg.dev/apps": "billing" } },
      });
      const tokenFor = async (audience: string) =>
        (await client.createToken({ namespace, name: "orders" }, { audiences: [audience] })).token;
      const reviewer = createKubeReviewer(SETTINGS, { clock: systemClock, log: silentLogger });
      try {
        const review = createTokenReview({ audience: "kcfg", authz: "same-name" }, {
          reviewer,
          clock: systemClock,
        });
        const known = await review.verify(await tokenFor("kcfg"));
        assert.ok(known.kind === "known", JSON.stringify(known));
        assert.equal(known.identity.name, `system:serviceaccount:${namespace}:orders`);
        assert.ok(known.identity.mayRead("orders") && known.identity.mayRead("billing"));
        assert.ok(!known.identity.mayRead("stock"));
        assert.equal((await review.verify(await tokenFor("other"))).kind, "unknown");
        assert.equal((await review.verify("nonsense")).kind, "unknown");
      } finally {
        await reviewer.close();
      }
    }),
});

const DEPLOY = new URL("../../../deploy/kustomize/serve-config", import.meta.url).pathname;

const RESOURCES: Readonly<Record<string, { group: string; version: string; resource: string }>> = {
  Deployment: { group: "apps", version: "v1", resource: "deployments" },
  Service: { group: "", version: "v1", resource: "services" },
  PodDisruptionBudget: { group: "policy", version: "v1", resource: "poddisruptionbudgets" },
  NetworkPolicy: { group: "networking.k8s.io", version: "v1", resource: "networkpolicies" },
};

Deno.test({
  name: `the API server takes the objects of deploy/ without a doubt${reason}`,
  ignore: kubeconfig === undefined,
  fn: () =>
    withNamespace(async (client, namespace) => {
      for (const file of ["deployment", "service", "poddisruptionbudget", "networkpolicy"]) {
        const object = parseYaml(await Deno.readTextFile(`${DEPLOY}/${file}.yaml`)) as {
          readonly kind: string;
        };
        const resource = RESOURCES[object.kind];
        assert.ok(resource, file);
        // Strict: an unknown field is refused.
        await client.create({ ...resource, namespace }, { ...object });
      }
    }),
});
