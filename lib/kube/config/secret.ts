/** Values that no log line, error or inspection shows: they live in private fields. */

import type { TextSource } from "./connection.ts";

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
