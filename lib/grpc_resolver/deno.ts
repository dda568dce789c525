/** The library on Deno: clients and in-cluster registration. */

import { denoPlatform } from "#lib/kube/deno.ts";
import { createDoor, type ResolverDoor } from "./door.ts";

export type { ClientOptions, KubeconfigOptions } from "./clients.ts";
export type { InClusterOptions, ResolverDoor } from "./door.ts";

const door: ResolverDoor = createDoor({
  platform: denoPlatform,
  readTextFileNow: (path) => Deno.readTextFileSync(path),
});

/** Registers `kubernetes` with the pod's service account. */
export const registerInCluster: ResolverDoor["registerInCluster"] = door.registerInCluster;

/** The same under another scheme. */
export const registerInClusterWithScheme: ResolverDoor["registerInClusterWithScheme"] =
  door.registerInClusterWithScheme;

/** The client of the pod's service account. */
export const newInClusterClient: ResolverDoor["newInClusterClient"] = door.newInClusterClient;

/** A client without credentials. */
export const newInsecureClient: ResolverDoor["newInsecureClient"] = door.newInsecureClient;

/** The client of a kubeconfig. */
export const newClientFromKubeconfig: ResolverDoor["newClientFromKubeconfig"] =
  door.newClientFromKubeconfig;
