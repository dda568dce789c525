/** What reload keeps of the runtime's permissions for given options (style of decision 3). */

import { formatAddress } from "#lib/http/address.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { ReloadOptions } from "./options.ts";
import { asksServer } from "./scope.ts";

const EVERYTHING: PermissionNeeds = {
  ...{ read: [], write: [], net: [], env: [], run: [], sys: [], ffi: [], import: [] },
};

/** Process duties need every kind: the runtime opens `/proc` to nobody else. */
export async function permissionsOf(
  options: ReloadOptions,
  { pid = Deno.pid }: { readonly pid?: number } = {},
): Promise<PermissionNeeds> {
  const { actions, child, listen, http, verify, validate, configRoot, urlKeys } = options;
  const listeners = [listen, options.sidecarHealth].filter((address) => address !== undefined);
  const volumes = options.sources.flatMap((source) =>
    source.kind === "volume" ? [source.path] : []
  );
  const hasDuties = pid === 1 || child !== undefined || actions.includes("process") ||
    actions.includes("pidfile") || [configRoot, ...volumes].some(isGuarded) ||
    startsHooks(options) && (await import("./subreaper.ts")).isSubreaper();
  if (hasDuties && options.rbac === undefined) return EVERYTHING;
  const server = asksServer(options) && options.rbac === undefined
    ? await import("#lib/kube/deno_permissions.ts").then((lib) => lib.kubeNeeds(options.kube.flags))
    : { net: [], read: [], run: [] };
  const starts = [
    ...server.run,
    ...(validate === undefined ? [] : validate.argv.slice(0, 1)),
    ...(actions.includes("command") ? options.reloadCommand.slice(0, 1) : []),
  ];
  const net = [
    ...listeners.map(({ hostname = "", port }) => formatAddress({ hostname, port })),
    ...http.urls.map(({ host }) => host),
    ...(verify === undefined ? [] : [verify.url.host]),
    ...(urlKeys === undefined ? [] : ["urls"]),
    ...server.net,
  ];
  return {
    read: [configRoot, ...volumes, ...server.read],
    env: [],
    ...(options.writes && { write: [configRoot] }),
    ...(net.length > 0 || asksServer(options) ? { net } : {}),
    ...(starts.length > 0 && { run: starts }),
  };
}

/** Whether programs are started that may leave others behind. */
export function startsHooks(
  { validate, actions }: Pick<ReloadOptions, "validate" | "actions">,
): boolean {
  return validate !== undefined || actions.includes("command");
}

/** Whether the runtime opens a path to nobody who lacks any permission; `/dev/shm` is one of them. */
function isGuarded(path: string): boolean {
  return /^\/(?:dev|proc|sys)(?:\/|$)/.test(path);
}
