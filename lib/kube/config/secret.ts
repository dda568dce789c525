/** Values that no log line, error or inspection shows: they live in private fields. */

import type { ExecPlugin, TextSource } from "./connection.ts";

/** A token or key. Inspection and JSON show the file at most. */
export class SecretSource implements TextSource {
  readonly file: string | undefined;
  readonly #text: string | undefined;

  constructor({ text, file }: TextSource) {
    this.file = file;
    this.#text = text;
  }

  /** The secret itself. */
  get text(): string | undefined {
    return this.#text;
  }
}

/** User name and password; inspection and JSON show the name alone. */
export class BasicCredentials {
  readonly username: string;
  readonly #password: string;

  constructor(username: string, password: string) {
    this.username = username;
    this.#password = password;
  }

  /** The secret itself. */
  get password(): string {
    return this.#password;
  }
}

/** A configured exec plugin; inspection and JSON leave out arguments, environment and cluster configuration. */
export class ExecPluginConfig implements ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly interactiveMode: ExecPlugin["interactiveMode"];
  readonly provideClusterInfo: boolean;
  readonly installHint: string | undefined;
  readonly #hidden: Pick<ExecPlugin, "args" | "env" | "clusterConfig">;

  constructor(plugin: ExecPlugin) {
    const { args, env, clusterConfig } = plugin;
    this.apiVersion = plugin.apiVersion;
    this.command = plugin.command;
    this.interactiveMode = plugin.interactiveMode;
    this.provideClusterInfo = plugin.provideClusterInfo;
    this.installHint = plugin.installHint;
    this.#hidden = { args, env, clusterConfig };
  }

  /** May hold secrets, as people write them there. */
  get args(): readonly string[] {
    return this.#hidden.args;
  }

  /** May hold secrets. */
  get env(): Readonly<Record<string, string>> {
    return this.#hidden.env;
  }

  /** Meant for the plugin alone. */
  get clusterConfig(): unknown {
    return this.#hidden.clusterConfig;
  }
}
