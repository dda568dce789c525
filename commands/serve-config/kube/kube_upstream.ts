/** ConfigMaps and Secrets as a backend (serve-config.md 14.1): followed by watch, answered from the local copy. */

import { openClient } from "#lib/kube/deno_client.ts";
import { serveConfigScope } from "#lib/kube/declarations/serve_config.ts";
import type { ServeConfigOptions } from "../options.ts";
import { openOverrides } from "../spring/overrides.ts";
import { createSpringUpstream } from "../spring/spring_upstream.ts";
import type { Upstream, UpstreamDeps } from "../upstream/upstream.ts";
import type { ConfigKind } from "#lib/kube/config_object.ts";
import { createFollowedObjects, type FollowedObjects } from "./followed_objects.ts";
import { createKubeRepository } from "./kube_repository.ts";
import { changeOf } from "./object_change.ts";
import { loadRaw } from "./raw_upstream.ts";
import { servedNamespaces } from "./served_namespaces.ts";

/** Files with foreign names that are told of; more are only skipped. */
const MAX_TOLD = 1000;

/**
 * Makes the backend; nothing is asked before its `watch`.
 *
 * @throws {SpringError} when the file of overrides cannot be read
 * @throws {KubeConfigError} when there is no usable configuration
 */
export async function createKubeUpstream(
  options: ServeConfigOptions,
  { clock, log }: UpstreamDeps,
): Promise<Upstream> {
  const { api, backendOptions, kube, maxObjectBytes } = options;
  const { acceptEmpty, selector, annotationOptIn } = backendOptions;
  const namespaces = await servedNamespaces(options);
  const client = await openClient(kube, {
    command: "serve-config",
    scope: serveConfigScope({
      configMaps: backendOptions.configMaps,
      secrets: backendOptions.secrets,
    }),
    clock,
    log,
  });
  const objects = createFollowedObjects({
    namespaces,
    kinds: kindsOf(options),
    selector,
    annotationOptIn,
  }, { client, log });
  const told = new Set<string>();
  const raw: Upstream = {
    kind: "kube",
    load: (key) => Promise.resolve(loadRaw(objects, key)),
    check() {
      const trouble = objects.trouble();
      if (trouble === undefined) return { status: "ok" };
      return { status: trouble.isInitial ? "fail" : "warn", detail: trouble.detail };
    },
    watch: (onChange, signal) =>
      objects.watch((name) => onChange(changeOf(name, namespaces)), signal),
  };
  if (api === "raw") return onlyWhenRead(raw, objects);
  const repository = createKubeRepository(objects, {
    onSkipped({ kind, namespace, name, resourceVersion }, key) {
      const about = `${kind} ${namespace}/${name} ${resourceVersion} ${key}`;
      if (told.has(about) || told.size >= MAX_TOLD) return;
      told.add(about);
      log.warn("file skipped, it is named as another application", { kind, namespace, name, key });
    },
  });
  const spring = createSpringUpstream({ acceptEmpty, maxObjectBytes }, {
    kind: raw.kind,
    overrides: await openOverrides(backendOptions.overrides),
    repository,
    raw: api === "both" ? raw : undefined,
    watch: raw.watch,
  });
  return onlyWhenRead({ ...spring, check: raw.check }, objects);
}

/** Fails until every object was read once: an answer of half of them would start applications with the wrong half. */
function onlyWhenRead(upstream: Upstream, objects: FollowedObjects): Upstream {
  return {
    ...upstream,
    load(key, signal) {
      const trouble = objects.trouble();
      if (trouble?.isInitial !== true) return upstream.load(key, signal);
      return Promise.resolve({ kind: "failed", status: 0, reason: trouble.detail });
    },
  };
}

function kindsOf({ backendOptions }: ServeConfigOptions): readonly ConfigKind[] {
  return [
    ...(backendOptions.configMaps ? ["configmap"] as const : []),
    ...(backendOptions.secrets ? ["secret"] as const : []),
  ];
}
