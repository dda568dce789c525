/** The library on Node and Bun: clients and in-cluster registration. */

import { readFileSync } from "node:fs";
import { nodePlatform } from "#lib/kube/node.ts";
import { createDoor, type ResolverDoor } from "./door.ts";

export type { ClientOptions, KubeconfigOptions } from "./clients.ts";
export type { InClusterOptions, ResolverDoor } from "./door.ts";

const door: ResolverDoor = createDoor({
  platform: nodePlatform,
  readTextFileNow: (path) => readFileSync(path, "utf8"),
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
