/** The words of `--backend-options`, by what they are about (serve-config.md 2.1, 14.1 to 14.3). */

import { UsageError } from "#lib/cli/usage_error.ts";
import type { Backend } from "./backend.ts";

/** What the words say. */
export interface BackendOptions {
  /** Drop the folders of a key; for directories only. */
  readonly flatten: boolean;
  /** Folders of configuration files, the strongest last; `""` is the directory itself. */
  readonly searchPaths: readonly string[];
  /** Whether a folder named as the label is looked into. */
  readonly labelDirs: boolean;
  /** JSON file of properties that outrank all others; `undefined` for none. */
  readonly overrides: string | undefined;
  /** Whether an application without sources is an empty environment and not a 404. */
  readonly acceptEmpty: boolean;
  readonly configMaps: boolean;
  readonly secrets: boolean;
  /** Label selector of the objects served; empty for all. */
  readonly selector: string;
  /** Only objects annotated `kcfg.dev/serve: "true"`. */
  readonly annotationOptIn: boolean;
}

/** Which interfaces are served. */
export type Api = "raw" | "spring" | "both";

const SWITCHES = ["label-dirs", "accept-empty", "configmaps", "secrets", "annotation-opt-in"];
const TEXTS = ["search-paths", "overrides", "selector"];

/**
 * Reads the words. Over a raw interface unknown ones are let be, because the replaced program looked for
 * `flatten` anywhere in the text.
 *
 * @throws {UsageError} for a word that this backend does not know, or a malformed value
 */
export function parseBackendOptions(
  text: string,
  { backend, api }: { readonly backend: Backend; readonly api: Api },
): BackendOptions {
  const words = new Map<string, string>();
  for (const word of text.split(/[,\s]+/).filter((part) => part !== "")) {
    const equals = word.indexOf("=");
    words.set(
      equals < 0 ? word : word.slice(0, equals),
      equals < 0 ? "true" : word.slice(equals + 1),
    );
  }
  if (backend.kind === "kube" || api !== "raw") refuseUnknown(words);
  const searchPaths = (words.get("search-paths") ?? "").split(";").map((path) =>
    path.replace(/^\/+|\/+$/g, "")
  );
  if (searchPaths.some((path) => path.split("/").includes(".."))) {
    throw new UsageError("Option backend-options: search-paths must not contain ..");
  }
  return {
    flatten: text.includes("flatten"),
    searchPaths,
    labelDirs: isOn(words, "label-dirs", { unset: true }),
    overrides: pathOf(words, "overrides"),
    acceptEmpty: isOn(words, "accept-empty", { unset: true }),
    configMaps: isOn(words, "configmaps", { unset: true }),
    secrets: isOn(words, "secrets", { unset: false }),
    selector: selectorOf(words.get("selector") ?? ""),
    annotationOptIn: isOn(words, "annotation-opt-in", { unset: false }),
  };
}

function refuseUnknown(words: ReadonlyMap<string, string>): void {
  const known = [...SWITCHES, ...TEXTS, "flatten", "keep-content-type", "legacy-nocache-errors"];
  const unknown = [...words.keys()].find((word) => !known.includes(word));
  if (unknown === undefined) return;
  throw new UsageError(`Option backend-options: "${unknown}" is not known`, [
    `known are ${known.join(", ")}`,
  ]);
}

function isOn(
  words: ReadonlyMap<string, string>,
  word: string,
  { unset }: { readonly unset: boolean },
): boolean {
  const value = words.get(word);
  if (value === undefined) return unset;
  if (value === "true" || value === "false") return value === "true";
  throw new UsageError(`Option backend-options: ${word} is "${value}", neither true nor false`);
}

function pathOf(words: ReadonlyMap<string, string>, word: string): string | undefined {
  const path = words.get(word);
  // The word alone reads as a switch.
  if (path === "" || path === "true") {
    throw new UsageError(`Option backend-options: ${word} needs a file, ${word}=FILE`);
  }
  return path;
}

function selectorOf(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    throw new UsageError("Option backend-options: selector is not percent-encoded text", [], {
      cause: error,
    });
  }
}
