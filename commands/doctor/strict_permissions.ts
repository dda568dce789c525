/**
 * What the doctor may touch under `--sandbox=strict`: the one server, and the files and variables that finding
 * the configuration asks for. They are known by finding it once before and taking notes.
 */

import { UsageError } from "#lib/cli/usage_error.ts";
import { absolutePath } from "#lib/fs/grant_paths.ts";
import { denoPlatform } from "#lib/kube/deno.ts";
import type { KubePlatform } from "#lib/kube/mod.ts";
import type { PermissionNeeds } from "#lib/run/permissions.ts";
import type { DoctorOptions } from "./options.ts";
import { connectionOf, credentialFilesOf, hostsOf } from "./permissions.ts";

/**
 * Exact permissions for the configuration that these options select; without a usable one no network.
 *
 * @throws {UsageError} when credentials come from a program, which the sandbox would have to let run
 */
export async function strictPermissionsOf(
  { kube }: Pick<DoctorOptions, "kube">,
  platform: KubePlatform = denoPlatform(),
): Promise<PermissionNeeds> {
  const files = new Set<string>();
  const variables = new Set<string>();
  const connection = await connectionOf(kube, {
    ...platform,
    readTextFile(path) {
      files.add(absolutePath(path));
      return platform.readTextFile(path);
    },
    env(name) {
      variables.add(name);
      return platform.env(name);
    },
  });
  if (connection?.exec !== undefined) {
    throw new UsageError(
      `Flag --sandbox: strict does not run the credential plugin "${connection.exec.command}"`,
      ["use --sandbox=default, or credentials that are in files"],
    );
  }
  const credentials = connection === undefined ? [] : credentialFilesOf(connection);
  return {
    net: connection === undefined ? [] : hostsOf(connection),
    read: [...files, ...credentials.map(absolutePath)],
    env: [...variables],
  };
}
