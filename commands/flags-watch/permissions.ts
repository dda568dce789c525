/** What flags-watch keeps of the runtime's permissions for given options: as little as they need. */

import { formatAddress } from "#lib/http/address.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { FlagsWatchOptions } from "./options.ts";
import { asksServer } from "./scope.ts";

/** Network and reading by the options; writing only for a file, starting programs only for a hook or a plugin. */
export async function permissionsOf(options: FlagsWatchOptions): Promise<PermissionNeeds> {
  const { source, schema, http, hooks, outFile } = options;
  // Printing rights reads the configuration at most.
  const isAsked = asksServer(options) && options.rbac === undefined;
  const server = isAsked
    ? await import("#lib/kube/deno_permissions.ts").then((lib) => lib.kubeNeeds(options.kube.flags))
    : { net: [], run: [] };
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
    ...(net.length > 0 || isAsked ? { net } : {}),
    ...(outFile === undefined ? {} : { write: [outFile.path] }),
    ...(run.length === 0 ? {} : { run }),
  };
}
