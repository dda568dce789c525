/** Typed access to the fields of one kubeconfig entry, with errors that name entry and file. */

import { KubeConfigError } from "../errors.ts";
import { isJsonObject } from "../types.ts";
import type { TextSource } from "./connection.ts";
import type { KubeconfigEntry } from "./kubeconfig.ts";

/** Reads fields of `what`, such as `user "jane"`. */
export class EntryReader {
  readonly #entry: KubeconfigEntry | undefined;
  readonly #what: string;

  constructor(what: string, entry: KubeconfigEntry | undefined) {
    this.#what = what;
    this.#entry = entry;
  }

  /** An error about this entry. */
  error(state: string): KubeConfigError {
    const file = this.#entry === undefined ? "" : ` of "${this.#entry.file}"`;
    return new KubeConfigError(`Cannot use ${this.#what}${file}: ${state}`);
  }

  /** A reader of a mapping inside this entry, whose errors name both. */
  within(key: string, fields: Readonly<Record<string, unknown>>): EntryReader {
    const { directory = "", file = "" } = this.#entry ?? {};
    return new EntryReader(`${key} of ${this.#what}`, { fields, directory, file });
  }

  /** A non-empty string. */
  text(key: string): string | undefined {
    const value = this.#entry?.fields[key];
    if (value === undefined || value === null || value === "") return undefined;
    if (typeof value !== "string") throw this.error(`"${key}" is no text`);
    return value;
  }

  /** A boolean; absent is false. */
  flag(key: string): boolean {
    const value = this.#entry?.fields[key] ?? false;
    if (typeof value !== "boolean") throw this.error(`"${key}" is not true or false`);
    return value;
  }

  /** A list of strings; absent is empty. */
  texts(key: string): string[] {
    return this.#textsOf(this.#entry?.fields[key] ?? [], key);
  }

  /** A mapping from names to lists of strings. */
  textLists(key: string): Record<string, string[]> {
    const value = this.object(key) ?? {};
    return Object.fromEntries(
      Object.entries(value).map(([name, list]) => [name, this.#textsOf(list, `${key}.${name}`)]),
    );
  }

  /** A mapping. */
  object(key: string): Record<string, unknown> | undefined {
    const value = this.#entry?.fields[key];
    if (value === undefined || value === null) return undefined;
    if (!isJsonObject(value)) throw this.error(`"${key}" is no mapping`);
    return value;
  }

  /** A list of mappings; absent is empty. */
  list(key: string): Record<string, unknown>[] {
    const value = this.#entry?.fields[key] ?? [];
    if (!Array.isArray(value)) throw this.error(`"${key}" is no list`);
    return value.filter(isJsonObject);
  }

  /** A path, relative ones resolved against the directory of the file. */
  path(key: string): string | undefined {
    const value = this.text(key);
    return value === undefined ? undefined : this.resolve(value);
  }

  /** Resolves a path against the directory of the file. */
  resolve(path: string): string {
    const isAbsolute = /^([/\\]|[A-Za-z]:[/\\])/.test(path);
    return isAbsolute ? path : `${this.#entry?.directory ?? ""}${path}`;
  }

  /** `key` (a file) or `key-data` (base64); both together are an error. */
  source(key: string): TextSource | undefined {
    const file = this.path(key);
    const data = this.text(`${key}-data`);
    if (file !== undefined && data !== undefined) {
      throw this.error(`both "${key}" and "${key}-data"`);
    }
    if (file !== undefined) return { file };
    if (data === undefined) return undefined;
    try {
      return { text: atob(data.replace(/\s+/g, "")) };
    } catch {
      // The runtime's error says nothing, and the value may be a key.
      throw this.error(`"${key}-data" is not base64`);
    }
  }

  #textsOf(value: unknown, key: string): string[] {
    if (!Array.isArray(value) || value.some((entry) => typeof entry !== "string")) {
      throw this.error(`"${key}" is no list of texts`);
    }
    return value;
  }
}
