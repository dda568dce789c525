/**
 * The first half of `deno task demo`: serve-config as the Spring Cloud Config server of a ConfigMap on the embedded
 * API server. A change reaches a waiting client at once, and the server goes on when the API server does not.
 */

import type { KubeServer } from "../tests/support/kube_server.ts";
import { followKcfg, say, withApiServer } from "./demo_story.ts";

const ORDERS = `pool:
  size: 4
  hosts: [a, b]
url: http://\${host}/\${spring.application.name:orders}
---
spring.config.activate.on-profile: prod
pool.size: 32
`;

/** Tells the story; whether everything was seen as it should be. */
export async function tellSpringStory(): Promise<boolean> {
  return await withApiServer({}, async (server, saveKubeconfig) => {
    put(server, "shop.example");
    const env = { KUBECONFIG: await saveKubeconfig("demo-token"), NO_COLOR: "1" };
    say("An API server runs inside this demo, with the ConfigMap team-a/orders.");
    say("\n$ kcfg serve-config --backend kube:team-a");
    const { child, log } = followKcfg([
      "serve-config",
      ...["--backend=kube:team-a", "--refresh=false", "--peer-discovery=none"],
      ...["listen", "health", "metrics"].map((name) => `--${name}-addr=127.0.0.1:0`),
      ...["--groupcache-port=:0", "--log-level=info"],
    ], { env });
    try {
      await log.until(/ ready /);
      const addressOf = (listener: string) =>
        `http://${new RegExp(` ready .*\\b${listener}=(\\S+)`).exec(log.text())?.[1]}`;
      await untilOk(`${addressOf("health")}/readyz`);
      return await tell(server, addressOf("listen"));
    } catch (error) {
      say(`That was not as it should be: ${error}\n${log.text()}`);
      return false;
    } finally {
      child.kill("SIGTERM");
      await child.status;
      await log.done;
    }
  });
}

async function tell(server: KubeServer, base: string): Promise<boolean> {
  const yml = `${base}/orders-prod.yml`;
  say(`\n$ curl ${yml}`);
  const first = await fetch(yml);
  say(await first.text());
  const etag = first.headers.get("etag") ?? "";
  say("A client waits until that changes:");
  say(`\n$ curl -H 'If-None-Match: ${etag}' -H 'Prefer: wait=20' ${yml}`);
  const waiting = fetch(yml, { headers: { "if-none-match": etag, prefer: "wait=20" } });
  say("\nSomebody edits the ConfigMap, and the answer is there:");
  put(server, "new.example");
  const changedAt = performance.now();
  const changed = await (await waiting).text();
  say(`(${Math.round(performance.now() - changedAt)} ms later)\n${changed}`);
  say("The API server goes away. What was read goes on being served, to new questions too:");
  await server.pause();
  const dev = `${base}/orders/dev`;
  say(`\n$ curl ${dev}`);
  const kept = await fetch(dev);
  say(`${await kept.text()}\n`);
  return first.ok && changed.includes("http://new.example/orders") && kept.ok;
}

function put(server: KubeServer, host: string): void {
  server.put({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "orders", namespace: "team-a" },
    data: { "orders.yml": ORDERS, host },
  });
}

async function untilOk(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const response = await fetch(url);
    await response.body?.cancel();
    if (response.ok) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${url} did not become ready`);
}
