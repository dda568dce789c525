/** The exec plugin of a kubeconfig's user. Running it is the business of `auth/exec_credentials.ts`. */

import { isJsonObject } from "../types.ts";
import type { ExecPlugin } from "./connection.ts";
import type { EntryReader } from "./entry_reader.ts";
import { ExecPluginConfig } from "./secret.ts";

const EXEC_EXTENSION = "client.authentication.k8s.io/exec";
const EXEC_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/** The plugin that `fields` describe, as `user` and `cluster` have it. @throws {KubeConfigError} */
export function execPlugin(
  fields: Record<string, unknown>,
  user: EntryReader,
  cluster: EntryReader,
): ExecPlugin {
  const exec = user.within("exec", fields);
  const apiVersion = exec.text("apiVersion");
  if (apiVersion === undefined || !EXEC_VERSIONS.includes(apiVersion)) {
    throw user.error(`exec has the unsupported apiVersion "${apiVersion ?? ""}"`);
  }
  const command = exec.text("command");
  if (command === undefined) throw user.error("exec has no command");
  const mode = exec.text("interactiveMode") ??
    (apiVersion.endsWith("/v1beta1") ? "IfAvailable" : undefined);
  if (mode !== "Never" && mode !== "IfAvailable" && mode !== "Always") {
    throw user.error(`exec needs an interactiveMode of Never, IfAvailable or Always`);
  }
  const env = fields["env"] ?? [];
  if (!Array.isArray(env)) throw user.error(`exec has an "env" that is no list`);
  return new ExecPluginConfig({
    apiVersion,
    command: /[/\\]/.test(command) ? exec.resolve(command) : command,
    args: exec.texts("args"),
    env: Object.fromEntries(
      env.filter(isJsonObject).map(({ name, value }) => [String(name), String(value)]),
    ),
    interactiveMode: mode,
    provideClusterInfo: exec.flag("provideClusterInfo"),
    installHint: exec.text("installHint"),
    clusterConfig: execExtension(cluster),
  });
}

function execExtension(cluster: EntryReader): unknown {
  for (const extension of cluster.list("extensions")) {
    if (extension["name"] === EXEC_EXTENSION) return extension["extension"];
  }
  return undefined;
}
