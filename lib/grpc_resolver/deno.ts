/** The library on Deno: clients and in-cluster registration. */

import { denoPlatform } from "#lib/kube/deno.ts";
import { createDoor } from "./door.ts";

/** Clients and registration from Deno's files and environment. */
export const {
  registerInCluster,
  registerInClusterWithScheme,
  newInClusterClient,
  newInsecureClient,
  newClientFromKubeconfig,
} = createDoor({
  platform: denoPlatform,
  readTextFileNow(path) {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      // Absent outside a cluster, or not permitted: the next source counts.
      return undefined;
    }
  },
});
