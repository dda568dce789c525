/** ConfigMaps and Secrets through the API (flags-watch.md 4.3): one informer per object, fed to the flags library. */

import { UsageError } from "#lib/cli/usage_error.ts";
import {
  type ConfigObjectInformer,
  type ConfigObjectRef,
  configObjectSource,
} from "#lib/flags/config_object_source.ts";
import { type DenoClientDeps, type KubeSettings, openClient } from "#lib/kube/deno_client.ts";
import { createKubeMetrics } from "#lib/kube/kube_metrics.ts";
import { type Informer, KubeApiError, type KubeClient, type KubeObject } from "#lib/kube/mod.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import type { AppSource } from "./app.ts";
import type { ObjectName, SchemaOptions } from "./options.ts";
import { parseSchema } from "./schema_file.ts";
import { scopeOf } from "./scope.ts";

/** What reading through the API needs. */
export type KubeAccessDeps = Pick<DenoClientDeps, "clock" | "log">;

type Stored = KubeObject & {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
};

/** The source of `objects`; later ones win. Its client counts into `metrics` and is closed by `close`. */
export async function createApiSource(
  objects: readonly ObjectName[],
  kube: KubeSettings,
  { metrics, ...deps }: KubeAccessDeps & { readonly metrics: Metrics },
): Promise<AppSource> {
  const scope = scopeOf({ source: { kind: "api", objects }, schema: { kind: "infer" } });
  const client = await openClient(kube, {
    ...{ command: "flags-watch", scope, ...deps },
    metrics: createKubeMetrics(metrics),
  });
  const failing = new Set<string>();
  const refused = Promise.withResolvers<unknown>();
  const refs = objects.map((object) =>
    refOf(object, { client, failing, deps, onRefused: refused.resolve })
  );
  return {
    refused: refused.promise,
    source: configObjectSource(refs),
    apiUp: () => failing.size === 0,
    close: () => client.close(),
  };
}

/**
 * The schema in a key of a ConfigMap.
 *
 * @throws {UsageError} when the key is not there or is malformed; {KubeError} when the object cannot be read
 */
export async function readSchemaObject(
  schema: SchemaOptions & { readonly kind: "configmap" },
  kube: KubeSettings,
  { signal, ...deps }: KubeAccessDeps & { readonly signal: AbortSignal },
): Promise<unknown> {
  const { object, key } = schema;
  const scope = scopeOf({ source: { kind: "none" }, schema });
  const client = await openClient(kube, { command: "flags-watch", scope, ...deps });
  try {
    const found = await client.get<Stored>({
      ...resourceOf(object, client),
      name: object.name,
    }, { signal });
    const text = found.data?.[key];
    if (text !== undefined) return await parseSchema(text, key);
    throw new UsageError(`ConfigMap "${object.name}" has no text under the key "${key}"`);
  } finally {
    await client.close();
  }
}

function refOf(
  object: ObjectName,
  { client, failing, deps, onRefused }: {
    readonly client: KubeClient;
    readonly failing: Set<string>;
    readonly deps: KubeAccessDeps;
    readonly onRefused: (err: unknown) => void;
  },
): ConfigObjectRef {
  const resource = resourceOf(object, client);
  const description = `${object.kind.toLowerCase()} ${resource.namespace}/${object.name}`;
  const open = () => {
    const informer = client.informer<Stored>({
      resource,
      fieldSelector: `metadata.name=${object.name}`,
    });
    return observed(informer, (err) => {
      if (err === undefined) failing.delete(description);
      else {
        // Before the first read nobody else hears of it, and waiting for ever looks like hanging.
        if (!informer.hasSynced) {
          deps.log.warn("API server not read yet", { object: description, err });
          if (isRefusal(err)) onRefused(err);
        }
        failing.add(description);
      }
    });
  };
  return { kind: object.kind, description, open };
}

/** The informer as the library wants it; `tell` hears of each failure, and of each success with `undefined`. */
function observed(
  informer: Informer<Stored>,
  tell: (err: unknown) => void,
): ConfigObjectInformer {
  return {
    start: () => informer.start(),
    stop: () => informer.stop(),
    addHandler: (handler) =>
      informer.addHandler((event) => {
        tell(event.type === "error" ? event.error ?? new Error("unknown error") : undefined);
        handler(event);
      }),
  };
}

/** Whether waiting changes nothing: who asks is not known, may not, or asks for what is not there. */
function isRefusal(err: unknown): boolean {
  return err instanceof KubeApiError && [401, 403, 404].includes(err.status);
}

function resourceOf({ kind, namespace }: ObjectName, client: KubeClient) {
  return {
    group: "",
    version: "v1",
    resource: kind === "ConfigMap" ? "configmaps" : "secrets",
    namespace: namespace ?? client.namespace,
  };
}
