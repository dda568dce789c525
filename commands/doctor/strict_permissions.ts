/**
 * What the doctor may touch under `--sandbox=strict`: the one server, and the files and variables that finding
 * the configuration asks for. They are found by finding it and taking notes.
 */

import { UsageError } from "#lib/cli/usage_error.ts";
import { absolutePath } from "#lib/fs/grant_paths.ts";
import { formatAddress } from "#lib/http/address.ts";
import { loadKubeConnection } from "#lib/kube/mod.ts";
import type { KubeConnection, KubeFlags, KubePlatform } from "#lib/kube/mod.ts";
import { silentLogger } from "#lib/log/logger.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";

/** What is needed to find the configuration. */
export interface StrictDeps {
  readonly platform: KubePlatform;
  readonly parseYaml: (text: string) => unknown;
}

/**
 * Exact permissions for the configuration that `flags` lead to; without a usable one no network, and the
 * doctor says what is wrong with it.
 *
 * @throws {UsageError} when credentials come from a program, which the sandbox would have to let run
 */
export async function strictPermissions(
  flags: KubeFlags,
  { platform, parseYaml }: StrictDeps,
): Promise<PermissionNeeds> {
  const files = new Set<string>();
  const variables = new Set<string>();
  const noting: KubePlatform = {
    ...platform,
    readTextFile(path) {
      files.add(absolutePath(path));
      return platform.readTextFile(path);
    },
    env(name) {
      variables.add(name);
      return platform.env(name);
    },
  };
  const connection = await connectionOf(flags, { platform: noting, parseYaml });
  if (connection?.exec !== undefined) {
    throw new UsageError(
      `Flag --sandbox: strict does not run the credential plugin "${connection.exec.command}"`,
      ["use --sandbox=default, or credentials that are in files"],
    );
  }
  return {
    net: connection === undefined ? [] : hostsOf(connection),
    read: [...files],
    env: [...variables],
  };
}

async function connectionOf(
  flags: KubeFlags,
  deps: StrictDeps,
): Promise<KubeConnection | undefined> {
  try {
    return await loadKubeConnection(flags, { ...deps, logger: silentLogger });
  } catch {
    // The doctor meets the same error and reports it.
    return undefined;
  }
}

function hostsOf({ server, proxyUrl }: KubeConnection): string[] {
  const urls = [server, ...(proxyUrl === undefined ? [] : [proxyUrl])];
  return urls.map((text) => {
    const { protocol, hostname, port } = new URL(text);
    const bare = hostname.replace(/^\[|\]$/g, "");
    return formatAddress({ hostname: bare, port: Number(port || DEFAULT_PORTS[protocol]) });
  });
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "socks5:": 1080,
  "socks5h:": 1080,
};
