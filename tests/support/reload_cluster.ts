/** `kcfg reload` beside the embedded API server, as whoever it lets in. */

import type { AccessRule } from "./kube_server/access.ts";
import type { JsonObject } from "#tests/support/kube_server/json.ts";
import { type KubeServer, startKubeServer } from "./kube_server.ts";
import { type KcfgProcess, startKcfg } from "./process.ts";
import { type ReloadProcess, startReload } from "./reload.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

/** The namespace of its objects. */
export const NAMESPACE = "team";

/** A server and a directory. */
export interface ReloadCluster extends AsyncDisposable {
  readonly server: KubeServer;
  readonly dir: TempDir;
  readonly kubeconfig: string;
  /** The directory for the files. */
  readonly root: string;
  /** Content of a file there. */
  read(name: string): Promise<string>;
  /** Names in a folder, by default the directory, without the layout's own. */
  names(folder?: string): Promise<string[]>;
  /** Reload with a service; it tells nobody unless `args` say otherwise. */
  start(...args: string[]): Promise<ReloadProcess>;
  /** The same without a service. */
  run(...args: string[]): KcfgProcess;
}

/** Starts one. With `rules` reload may do no more than they say, else everything. */
export async function startReloadCluster(rules?: readonly AccessRule[]): Promise<ReloadCluster> {
  const dir = await tempDir();
  const follower = rules === undefined ? undefined : { name: "follower", groups: [], rules };
  const server = await startKubeServer({ ...(follower && { users: { follower } }) });
  const kubeconfig = await dir.write(
    "kubeconfig",
    server.kubeconfig(follower === undefined ? {} : { token: "follower" }),
  );
  const root = `${dir.path}/config`;
  const shared = ["--kubeconfig", kubeconfig, "-n", NAMESPACE, `--configroot=${root}`];
  return {
    ...{ server, dir, kubeconfig, root },
    read: (name) => Deno.readTextFile(`${root}/${name}`),
    names: async (folder = root) =>
      (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name))
        .filter((name) => !name.startsWith("..")).sort(),
    start: (...args) =>
      startReload([...shared, "--reload-action=none", "--reload-min-interval=0", ...args]),
    run: (...args) =>
      startKcfg(["reload", ...shared, "--log-format=json", "--reload-action=none", ...args]),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** A ConfigMap of the namespace. */
export function configMap(
  name: string,
  data: Record<string, string>,
  more: JsonObject = {},
): JsonObject {
  return {
    ...{ apiVersion: "v1", kind: "ConfigMap", data },
    metadata: { name, namespace: NAMESPACE, ...more },
  };
}
