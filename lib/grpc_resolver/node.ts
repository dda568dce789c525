/** The library on Node and Bun: clients and in-cluster registration. */

import { readFileSync } from "node:fs";
import { nodePlatform } from "#lib/kube/node.ts";
import { createDoor } from "./door.ts";

/** Clients and registration from Node's files and environment. */
export const {
  registerInCluster,
  registerInClusterWithScheme,
  newInClusterClient,
  newInsecureClient,
  newClientFromKubeconfig,
} = createDoor({
  platform: nodePlatform,
  readTextFileNow(path) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      // Absent outside a cluster, or not permitted: the next source counts.
      return undefined;
    }
  },
});
