/** The kubeconfig that hands a plane from one process to the next. */

import { load } from "js-yaml";
import { Buffer } from "node:buffer";
import type { Endpoint } from "#tests/support/control_plane/http.ts";
import type { Servers } from "#tests/support/control_plane/servers.ts";

const EXTENSION = "kcfg-test";

interface KubeconfigFile {
  readonly clusters?: readonly {
    readonly name: string;
    readonly cluster: {
      readonly server: string;
      readonly "certificate-authority"?: string;
      readonly "certificate-authority-data"?: string;
      readonly extensions?: readonly {
        readonly name: string;
        readonly extension: PlaneExtension;
      }[];
    };
  }[];
  readonly users?: readonly {
    readonly name: string;
    readonly user: {
      readonly token?: string;
      readonly "client-certificate"?: string;
      readonly "client-certificate-data"?: string;
      readonly "client-key"?: string;
      readonly "client-key-data"?: string;
    };
  }[];
  readonly contexts?: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
  readonly "current-context"?: string;
}

interface PlaneExtension {
  readonly nobodyToken?: string;
  readonly etcdUrl?: string;
  readonly hasControllers?: boolean;
}

/** Writes the kubeconfig of a started plane into its directory; returns the path. */
export async function writePlaneKubeconfig(servers: Servers): Promise<string> {
  const path = `${servers.directory}/kubeconfig`;
  const extension: PlaneExtension = {
    nobodyToken: servers.nobodyToken,
    etcdUrl: servers.etcdUrl,
    hasControllers: servers.hasControllers,
  };
  const file: KubeconfigFile & { readonly apiVersion: string; readonly kind: string } = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name: "plane",
      cluster: {
        server: servers.url,
        "certificate-authority": servers.caPath,
        extensions: [{ name: EXTENSION, extension }],
      },
    }],
    users: [{ name: "admin", user: { token: servers.adminToken } }],
    contexts: [{ name: "plane", context: { cluster: "plane", user: "admin" } }],
    "current-context": "plane",
  };
  await Deno.writeTextFile(path, JSON.stringify(file, null, 2), { mode: 0o600 });
  return path;
}

/** What a kubeconfig's current context says, as far as the harness needs it. */
export async function endpointOfKubeconfig(
  path: string,
): Promise<{ readonly admin: Endpoint } & PlaneExtension> {
  const file = load(await Deno.readTextFile(path)) as KubeconfigFile;
  const context = file.contexts?.find(({ name }) => name === file["current-context"])?.context;
  const cluster = file.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = file.users?.find(({ name }) => name === context?.user)?.user ?? {};
  if (cluster === undefined) {
    throw new TypeError(`Cannot use kubeconfig "${path}": its current context names no cluster`);
  }
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const read = async (data: string | undefined, name: string | undefined) => {
    if (data !== undefined) return Buffer.from(data, "base64").toString();
    if (name === undefined) return undefined;
    return await Deno.readTextFile(name.startsWith("/") ? name : folder + name);
  };
  const extension = cluster.extensions?.find(({ name }) => name === EXTENSION)?.extension;
  return {
    admin: {
      url: cluster.server.replace(/\/$/, ""),
      caPem: await read(cluster["certificate-authority-data"], cluster["certificate-authority"]),
      token: user.token,
      certificatePem: await read(user["client-certificate-data"], user["client-certificate"]),
      privateKeyPem: await read(user["client-key-data"], user["client-key"]),
    },
    ...extension,
  };
}
