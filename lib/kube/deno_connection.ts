/** The configuration that flags and environment select, read on Deno. */

import { type Logger, silentLogger } from "#lib/log/logger.ts";
import { denoPlatform } from "./deno.ts";
import {
  KubeConfigError,
  type KubeConnection,
  type KubeFlags,
  type KubePlatform,
  loadKubeConnection,
} from "./mod.ts";

/** How it is read. */
export interface ConnectionDeps {
  /** Deno's own files and variables by default. */
  readonly platform?: KubePlatform;
  /** Silent by default. */
  readonly logger?: Logger | undefined;
}

/** Loads the configuration. @throws {KubeConfigError} when there is no usable one */
export async function loadConnection(
  flags: KubeFlags,
  { platform = denoPlatform(), logger = silentLogger }: ConnectionDeps = {},
): Promise<KubeConnection> {
  return await loadKubeConnection(flags, {
    platform,
    // In a cluster there is no file to read, and no reason to hold a parser.
    parseYaml: async (text) => (await import("#lib/format/yaml.ts")).parseYaml(text),
    logger,
  });
}

/** The same; `undefined` where there is no usable one, which whoever opens a client then tells. */
export async function configuredConnection(
  flags: KubeFlags,
  deps?: ConnectionDeps,
): Promise<KubeConnection | undefined> {
  try {
    return await loadConnection(flags, deps);
  } catch (error) {
    if (error instanceof KubeConfigError) return undefined;
    throw error;
  }
}
