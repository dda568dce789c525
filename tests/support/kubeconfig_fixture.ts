/** Kubeconfigs and how they are loaded in memory, for tests of what comes out of them. */

import { load as parseYaml } from "js-yaml";
import type { KubeConnection } from "#lib/kube/config/connection.ts";
import type { KubeFlags } from "#lib/kube/config/flags.ts";
import { loadKubeConnection } from "#lib/kube/config/load.ts";
import { fakePlatform } from "#tests/support/fake_platform.ts";
import { CapturedLog } from "#tests/support/log.ts";

/** The beginning of a certificate, as much as loading looks at. */
export const PEM = "-----BEGIN CERTIFICATE-----\n";

/** What a configuration is loaded from. */
export interface Given {
  readonly files?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly flags?: KubeFlags;
  readonly log?: CapturedLog;
  readonly clock?: { now(): number };
}

/** Loads it. */
export function load(
  { files, env, flags = {}, log, clock }: Given,
): Promise<KubeConnection> {
  const platform = fakePlatform(files, env);
  const logger = log ?? new CapturedLog();
  return loadKubeConnection(flags, { platform, parseYaml, logger, clock });
}

/** A kubeconfig with one context of each name; `cluster` and `user` hold the fields. */
export function kubeconfig(
  { cluster = {}, user = {}, name = "x", namespace }: {
    readonly cluster?: Record<string, unknown>;
    readonly user?: Record<string, unknown>;
    readonly name?: string;
    readonly namespace?: string;
  },
): string {
  return JSON.stringify({
    "current-context": name,
    clusters: [{ name, cluster: { server: "https://api:6443", ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
  });
}
