/** Which sources the options name (reload.md 2.2, 2.3). Pure. */

import { UsageError } from "#lib/cli/usage_error.ts";
import type { ConfigKind } from "#lib/kube/config_object.ts";
import { lines } from "./option_values.ts";
import type { Values } from "./flag_values.ts";
import { problemOf } from "./payload/payload.ts";
import type { ObjectName } from "./sources/selected_object.ts";

/** A source that the options name. */
export type SourceOptions =
  | {
    readonly kind: "object";
    readonly objectKind: ConfigKind;
    /** `undefined` for the configured one. */
    readonly namespace: string | undefined;
    readonly name: string;
    readonly folder: string;
  }
  | {
    readonly kind: "volume";
    readonly path: string;
    /** Its one file that counts. */
    readonly only?: string;
    /** Where its files would be, were they written; several volumes may have files of one name. */
    readonly folder: string;
    readonly inPlace: boolean;
  }
  | {
    readonly kind: "selector";
    readonly selector: string;
    readonly kinds: readonly ConfigKind[];
    /** `undefined` for the configured one, `"ALL"` for all. */
    readonly namespaces: readonly string[] | "ALL" | undefined;
    readonly uniqueNames: boolean;
    /** Those that count; empty for all. */
    readonly names: readonly ObjectName[];
    /** Annotation with the folder of an object's files; empty for none. */
    readonly folderAnnotation: string;
  };

/** All of them, in the order of the kinds. @throws {UsageError} when there is none */
export function sourcesOf(values: Values): readonly SourceOptions[] {
  const hasRoot = values.configroot !== undefined;
  const sources: SourceOptions[] = [
    ...lines(values.configmap).map((text) => objectOf("configmap", text)),
    ...lines(values.secret).map((text) => objectOf("secret", text)),
    ...lines(values["volume-dir"]).map((path) => volumeOf(path, { inPlace: !hasRoot })),
    ...lines(values["watched-dir"]).map((path) => volumeOf(path, { inPlace: true })),
    ...configFileOf(values),
  ];
  if (values.selector !== "") {
    const namespaces = values["selector-namespaces"];
    sources.push({
      kind: "selector",
      selector: values.selector,
      kinds: values.resources === "both" ? ["configmap", "secret"] : [values.resources],
      namespaces: namespaces === ""
        ? undefined
        : namespaces === "ALL"
        ? "ALL"
        : namespaces.split(",").map((name) => name.trim()),
      uniqueNames: values["unique-filenames"],
      names: lines(values["selector-name"]).map(nameOf),
      folderAnnotation: values["folder-annotation"],
    });
  }
  if (sources.length > 0) return withFolders(sources);
  throw new UsageError("Option configmap: nothing to follow is named", [
    "name an object with --configmap=[NS/]NAME, or a mounted volume with --volume-dir=DIR",
  ]);
}

function nameOf(text: string): ObjectName {
  const parts = text.split("/");
  const [name = "", kind, namespace] = parts.toReversed();
  const isRight = parts.length <= 3 && parts.every((part) => part !== "") &&
    (kind === undefined || kind === "configmap" || kind === "secret");
  if (!isRight) {
    throw new UsageError(
      `Option selector-name: "${text}" is not [[NAMESPACE/]KIND/]NAME with KIND configmap or secret`,
    );
  }
  return {
    name,
    ...(kind !== undefined && { kind }),
    ...(namespace !== undefined && { namespace }),
  };
}

function volumeOf(
  path: string,
  { inPlace, only }: { readonly inPlace: boolean; readonly only?: string },
): SourceOptions {
  return { kind: "volume", path, folder: "", inPlace, ...(only !== undefined && { only }) };
}

/** Several that are used in place may have files of one name, so each gets a folder that no disk ever sees. */
function withFolders(sources: readonly SourceOptions[]): readonly SourceOptions[] {
  if (sources.length < 2) return sources;
  return sources.map((source, index) =>
    source.kind === "volume" && source.inPlace ? { ...source, folder: `in-place-${index}` } : source
  );
}

/** compat: prometheus-config-reloader follows one file; its expanded copy is what the application reads. */
function configFileOf(values: Values): readonly SourceOptions[] {
  const file = values["config-file"] ?? "";
  const copy = values["config-envsubst-file"] ?? "";
  if (file === "") {
    if (copy === "") return [];
    throw new UsageError("Option config-envsubst-file: it is the copy of --config-file");
  }
  if (copy !== "" && values.configroot !== undefined) {
    throw new UsageError(
      "Option config-envsubst-file: it says where files go, as --configroot does",
    );
  }
  const { folder, name } = splitPath(file);
  return [volumeOf(folder, { inPlace: copy === "", only: name })];
}

/** Folder and name of a file. @throws {UsageError} when it has no name */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  if (name === "") throw new UsageError(`"${path}" is no file`);
  return { folder: slash < 0 ? "." : path.slice(0, Math.max(slash, 1)), name };
}

function objectOf(objectKind: ConfigKind, text: string): SourceOptions {
  const [path = "", folder = "", ...more] = text.split(":");
  const parts = path.split("/");
  const [first = "", second] = parts;
  const name = second ?? first;
  const isWrong = parts.length > 2 || more.length > 0 || name === "" ||
    (second !== undefined && first === "");
  if (isWrong) {
    throw new UsageError(`Option ${objectKind}: "${text}" is not [NAMESPACE/]NAME[:SUBDIR]`);
  }
  const problem = folder === "" ? undefined : problemOf(folder);
  if (problem !== undefined) throw new UsageError(`Option ${objectKind}: "${text}": ${problem}`);
  return {
    kind: "object",
    objectKind,
    namespace: second === undefined ? undefined : first,
    name,
    folder,
  };
}
