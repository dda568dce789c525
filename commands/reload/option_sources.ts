/** Which sources the options name (reload.md 2.2, 2.3). Pure. */

import { UsageError } from "#lib/cli/usage_error.ts";
import type { ConfigKind } from "#lib/kube/config_object.ts";
import { lines } from "./option_values.ts";
import type { Values } from "./options.ts";
import { problemOf } from "./payload/payload.ts";

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
  | { readonly kind: "volume"; readonly path: string }
  | {
    readonly kind: "selector";
    readonly selector: string;
    readonly kinds: readonly ConfigKind[];
    /** `undefined` for the configured one, `"ALL"` for all. */
    readonly namespaces: readonly string[] | "ALL" | undefined;
    readonly uniqueNames: boolean;
  };

/** All of them, in the order of the kinds. @throws {UsageError} when there is none */
export function sourcesOf(values: Values): readonly SourceOptions[] {
  const sources: SourceOptions[] = [
    ...lines(values.configmap).map((text) => objectOf("configmap", text)),
    ...lines(values.secret).map((text) => objectOf("secret", text)),
    ...[...lines(values["volume-dir"]), ...lines(values["watched-dir"])]
      .map((path): SourceOptions => ({ kind: "volume", path })),
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
    });
  }
  if (sources.length > 0) return sources;
  throw new UsageError("Option configmap: nothing to follow is named", [
    "name an object with --configmap=[NS/]NAME, or a mounted volume with --volume-dir=DIR",
  ]);
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
