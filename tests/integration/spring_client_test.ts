/** A real Spring Boot application starts on kcfg as its Config Server and binds the right values. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { startKcfg } from "#tests/support/process.ts";
import { springClient } from "#tests/support/spring_client.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const client = await springClient();
const missing = "unavailable" in client ? client.unavailable : undefined;
const LISTENERS = ["listen", "health", "metrics"].map((name) => `--${name}-addr=127.0.0.1:0`);

const ORDERS = `shop:
  name: orders
  limit: 5
  open: yes
  timeout: 30s
  hosts: [a, b, c]
  items:
  - {id: x, count: 1}
  - {id: y}
  prices: {apple: 1.0, "pear.big": 2.5}
  greeting: hello \${shop.name}
---
spring.config.activate.on-profile: blue
shop.open: false
`;

/** What the client prints for the values above with some of them changed. */
function bound(changes: Record<string, string> = {}): string {
  const values = {
    name: "orders",
    limit: "5",
    open: "true",
    timeout: "PT30S",
    hosts: "[a, b, c]",
    items: "[Item[id=x, count=1], Item[id=y, count=null]]",
    prices: "{apple=1.0, pear.big=2.5}",
    greeting: "hello orders",
    ...changes,
  };
  return `Shop[${Object.entries(values).map(([key, value]) => `${key}=${value}`).join(", ")}]`;
}

async function serving(...args: string[]) {
  const kcfg = startKcfg(["serve-config", ...LISTENERS, "--log-format=json", ...args]);
  const line = await eventually("it is ready", () => kcfg.logLine("ready"));
  return { kcfg, url: `http://${line["listen"]}`, health: `http://${line["health"]}` };
}

async function start(url: string, ...args: string[]): Promise<string> {
  assert.ok(!("unavailable" in client));
  return await client.run(
    "--spring.application.name=orders",
    `--spring.config.import=configserver:${url}`,
    "--spring.cloud.config.fail-fast=true",
    ...args,
  );
}

function clientTest(name: string, fn: () => Promise<void>): void {
  const title = missing === undefined ? name : `${name} (ignored: ${missing})`;
  Deno.test({ name: title, ignore: missing !== undefined, fn });
}

clientTest(
  "a Spring application binds files of a directory, its profiles and a label",
  async () => {
    await using dir = await tempDir();
    await dir.write("orders.yml", ORDERS);
    await dir.write("orders-dev.properties", "shop.limit=7\nshop.hosts[0]=dev\n");
    await dir.write("application.yml", "shop: {name: shared, greeting: hi}\n");
    await Deno.mkdir(`${dir.path}/v2`);
    await dir.write("v2/orders.yml", "shop: {name: second}\n");
    const { kcfg, url } = await serving(`--backend=dir:${dir.path}`, "--api=spring");
    await using _ = kcfg;
    assert.equal(await start(url), bound());
    assert.equal(
      await start(url, "--spring.profiles.active=dev,blue"),
      bound({ limit: "7", open: "false", hosts: "[dev]" }),
    );
    assert.equal(
      await start(url, "--spring.cloud.config.label=v2"),
      bound({ name: "second", greeting: "hello second" }),
    );
  },
);

clientTest("a Spring application binds a ConfigMap followed through the API", async () => {
  await using server = await startKubeServer();
  server.put({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "orders", namespace: "team" },
    data: { "orders.yml": ORDERS, "orders-dev.yml": "shop.limit: 8\n" },
  });
  await using dir = await tempDir();
  const kubeconfig = await dir.write("config", server.kubeconfig({}));
  const { kcfg, url, health } = await serving(`--kubeconfig=${kubeconfig}`, "--backend=kube:team");
  await using _ = kcfg;
  await eventually("the objects are read", async () => {
    const response = await fetch(`${health}/readyz`);
    await response.body?.cancel();
    return response.ok;
  });
  assert.equal(await start(url, "--spring.profiles.active=dev"), bound({ limit: "8" }));
});
