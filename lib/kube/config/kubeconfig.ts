/** Kubeconfig files: reading and merging. What an entry means is decided in `select.ts`. */

import { KubeConfigError } from "../errors.ts";
import { isJsonObject } from "../types.ts";

/** One named entry, and the directory against which its relative paths resolve. */
export interface KubeconfigEntry {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly directory: string;
  readonly file: string;
}

/** One or several files merged: the first definition of a name wins completely. */
export interface Kubeconfig {
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, KubeconfigEntry>;
  readonly users: ReadonlyMap<string, KubeconfigEntry>;
  readonly contexts: ReadonlyMap<string, KubeconfigEntry>;
}

/**
 * Reads the parsed document of one file.
 *
 * @throws {KubeConfigError} naming the file
 */
export function readKubeconfig(
  parsed: unknown,
  { file }: { readonly file: string },
): Kubeconfig {
  const document = parsed ?? {};
  if (!isJsonObject(document)) {
    throw new KubeConfigError(`Cannot read the kubeconfig "${file}": it is no mapping`);
  }
  const current = document["current-context"];
  return {
    currentContext: typeof current === "string" && current !== "" ? current : undefined,
    clusters: entries(document, { list: "clusters", field: "cluster", file }),
    users: entries(document, { list: "users", field: "user", file }),
    contexts: entries(document, { list: "contexts", field: "context", file }),
  };
}

/** Merges in order; the first definition wins. */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  const merge = (pick: (file: Kubeconfig) => ReadonlyMap<string, KubeconfigEntry>) =>
    new Map(files.toReversed().flatMap((file) => [...pick(file)]));
  return {
    currentContext: files.find((file) => file.currentContext !== undefined)?.currentContext,
    clusters: merge((file) => file.clusters),
    users: merge((file) => file.users),
    contexts: merge((file) => file.contexts),
  };
}

function entries(
  document: Record<string, unknown>,
  { list, field, file }: { readonly list: string; readonly field: string; readonly file: string },
): Map<string, KubeconfigEntry> {
  const found = new Map<string, KubeconfigEntry>();
  const directory = file.replace(/[^/\\]*$/, "");
  const items = document[list] ?? [];
  if (!Array.isArray(items)) {
    throw new KubeConfigError(`Cannot read the kubeconfig "${file}": "${list}" is no list`);
  }
  for (const item of items) {
    const name = isJsonObject(item) ? item["name"] : undefined;
    if (!isJsonObject(item) || typeof name !== "string") {
      throw new KubeConfigError(
        `Cannot read the kubeconfig "${file}": an entry of "${list}" has no name`,
      );
    }
    const fields = isJsonObject(item[field]) ? item[field] : {};
    if (!found.has(name)) found.set(name, { fields, directory, file });
  }
  return found;
}
