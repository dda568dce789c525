/** The sources that the options name; the Kubernetes client is loaded only for those that need it. */

import type { Logger } from "#lib/log/logger.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { ReloadOptions } from "./options.ts";
import { scopeOf } from "./scope.ts";
import type { Source } from "./sources/source.ts";
import { createVolumeSource } from "./sources/volume_source.ts";

/** What sources need. */
export interface SourcesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the client counts. */
  readonly metrics: Metrics;
}

/** The sources in their order, and what closes their connections. */
export interface OpenSources {
  readonly sources: readonly Source[];
  close(): Promise<void>;
}

/** Makes them; nothing is read yet. @throws {KubeConfigError} when the API is needed and cannot be found */
export async function createSources(
  options: ReloadOptions,
  deps: SourcesDeps,
): Promise<OpenSources> {
  const usesApi = options.sources.some(({ kind }) => kind !== "volume");
  const api = usesApi ? await openApi(options, deps) : undefined;
  const sources = options.sources.map((source) => {
    if (source.kind === "volume") return createVolumeSource(source.path, source, deps);
    if (api === undefined) throw new TypeError("A source of the API without a client");
    return api.create(source);
  });
  return { sources, close: () => api?.client.close() ?? Promise.resolve() };
}

async function openApi(options: ReloadOptions, deps: SourcesDeps) {
  const [
    { openClient },
    { createKubeMetrics },
    { createObjectSource },
    { createSelectorSource },
  ] = await Promise.all([
    import("#lib/kube/deno_client.ts"),
    import("#lib/kube/kube_metrics.ts"),
    import("./sources/object_source.ts"),
    import("./sources/selector_source.ts"),
  ]);
  const client = await openClient(options.kube, {
    command: "reload",
    scope: scopeOf(options),
    ...deps,
    metrics: createKubeMetrics(deps.metrics),
  });
  const shared = { startupTimeoutMs: options.startupTimeoutMs, resyncMs: options.resyncMs };
  return {
    client,
    create(source: Exclude<ReloadOptions["sources"][number], { kind: "volume" }>): Source {
      if (source.kind === "object") {
        const { objectKind, namespace = client.namespace, name, folder } = source;
        const { missing, onDelete, onEmpty } = options;
        return createObjectSource({
          ...{ kind: objectKind, namespace, name, folder, missing, onDelete, onEmpty },
          ...shared,
        }, { client, ...deps });
      }
      const { kind: _, namespaces: asked, ...selected } = source;
      const namespaces = asked === "ALL" ? undefined : asked ?? [client.namespace];
      const root = options.configRoot;
      return createSelectorSource({ ...selected, namespaces, root, ...shared }, {
        client,
        ...deps,
      });
    },
  };
}
