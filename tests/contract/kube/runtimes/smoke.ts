/** What `runtimes_test.ts` bundles and runs under Node and Bun: the client as a program there uses it, and a clean end. */

import { writeSync } from "node:fs";
import {
  createKubeClient,
  isNotFound,
  loadKubeConnection,
  unrestricted,
} from "../../../../lib/kube/mod.ts";
import { nodePlatform } from "#lib/kube/node.ts";
import { silentLogger } from "#lib/log/logger.ts";

const platform = nodePlatform();
const config = await loadKubeConnection({}, {
  platform,
  parseYaml: JSON.parse,
  logger: silentLogger,
});
const client = createKubeClient({ scope: unrestricted(), config, platform });
const ref = { group: "", version: "v1", resource: "configmaps", namespace: "default" };
const { items } = await client.list(ref);
const informer = client.informer({ resource: { ...ref } });
const seen: string[] = [];
informer.addHandler((event) => {
  seen.push("object" in event ? `${event.type} ${event.object.metadata.name}` : event.type);
});
informer.start();
await informer.synced;
const applied = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "b" }, data: { k: "v" } };
await client.apply({ ...ref, name: "b" }, applied);
const next = informer.events()[Symbol.asyncIterator]();
for (let isThere = false; !isThere;) {
  const { value } = await next.next();
  isThere = value?.type === "added" && value.object.metadata.name === "b";
}
await next.return?.(undefined);
await client.get({ ...ref, name: "absent" }).catch((error: unknown) => {
  if (!isNotFound(error)) throw error;
  seen.push("not found");
});
await informer.stop();
await client.close();
const names = items.map(({ metadata }) => metadata.name);
writeSync(1, JSON.stringify({ names, seen }));
