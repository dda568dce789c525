/** What flags-watch keeps of the runtime's permissions for given options: as little as they need. */

import { formatAddress } from "#lib/http/address.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { FlagsWatchOptions } from "./options.ts";
import { asksServer } from "./scope.ts";

/** Network and reading by the options; writing only for a file, starting programs only for a hook or a plugin. */
export async function permissionsOf(options: FlagsWatchOptions): Promise<PermissionNeeds> {
  const { source, schema, http, hooks, outFile } = options;
  // Printing rights reads the configuration at most.
  const server = asksServer(options) && options.rbac === undefined
    ? await serverNeeds(options)
    : { net: [], run: [], isAsked: false };
  const read = [
    ...(source.kind === "directory" || source.kind === "manifest" ? [source.path] : []),
    ...(schema.kind === "file" && schema.path !== "-" ? [schema.path] : []),
    ...(http?.tokenFile === undefined ? [] : [http.tokenFile]),
    ...(outFile === undefined ? [] : [outFile.path]),
  ];
  const net = [
    ...(http === undefined
      ? []
      : [formatAddress({ hostname: http.address.hostname ?? "", port: http.address.port })]),
    ...(hooks.request === undefined ? [] : [new URL(hooks.request.url).host]),
    ...server.net,
  ];
  const run = [...server.run, ...hooks.command?.slice(0, 1) ?? []];
  return {
    read,
    env: [],
    ...(net.length > 0 || server.isAsked ? { net } : {}),
    ...(outFile === undefined ? {} : { write: [outFile.path] }),
    ...(run.length === 0 ? {} : { run }),
  };
}

async function serverNeeds({ kube }: FlagsWatchOptions) {
  const [{ loadConnection }, { KubeConfigError }] = await Promise.all([
    import("./kube_access.ts"),
    import("#lib/kube/mod.ts"),
  ]);
  try {
    const { server, proxyUrl, exec } = await loadConnection(kube);
    const urls = [server, ...(proxyUrl === undefined ? [] : [proxyUrl])];
    return {
      net: urls.map((url) => new URL(url).host),
      run: exec === undefined ? [] : [exec.command],
      isAsked: true,
    };
  } catch (err) {
    // The run says what is wrong with the configuration.
    if (err instanceof KubeConfigError) return { net: [], run: [], isAsked: true };
    throw err;
  }
}
