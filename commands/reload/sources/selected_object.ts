/** Which of the objects that a label selector names count, and where the files of one go (reload.md 2.3). Pure. */

import type { ConfigKind } from "#lib/kube/config_object.ts";
import { problemOf } from "../payload/payload.ts";

/** An object that counts; what is absent may be anything. */
export interface ObjectName {
  readonly namespace?: string;
  readonly kind?: ConfigKind;
  readonly name: string;
}

/** An object's identity. */
export interface Identity {
  readonly namespace: string;
  readonly kind: ConfigKind;
  readonly name: string;
}

/** Whether one of the names is the object's; no names are all. */
export function isNamed(object: Identity, names: readonly ObjectName[]): boolean {
  return names.length === 0 ||
    names.some(({ namespace, kind, name }) =>
      name === object.name && (kind ?? object.kind) === object.kind &&
      (namespace ?? object.namespace) === object.namespace
    );
}

/** The folder that an annotation asks for, below the directory; or why it cannot be that. */
export type AskedFolder = { readonly folder: string } | { readonly problem: string };

/**
 * Reads the annotation's text: a path below `root`, absolute or relative. compat: k8s-sidecar writes anywhere an
 * absolute path says; here whoever may label a ConfigMap may not choose where on the disk it goes.
 */
export function askedFolder(text: string | undefined, root: string): AskedFolder {
  if (text === undefined) return { folder: "" };
  const path = text.replace(/\/+$/, "").replaceAll(/\/{2,}/g, "/");
  if (path === root || path === "" && !text.startsWith("/")) return { folder: "" };
  const isInside = path.startsWith(`${root}/`);
  if (text.startsWith("/") && !isInside) return { problem: `"${text}" is not below "${root}"` };
  const folder = isInside ? path.slice(root.length + 1) : path;
  const problem = problemOf(folder);
  return problem === undefined ? { folder } : { problem: `"${text}": ${problem}` };
}

/** Names keys so that no two objects share a file: `namespace_NS.KIND_OBJECT.KEY`. */
export function withUniqueNames(
  { namespace, kind, name }: Identity,
  entries: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, Uint8Array> {
  return new Map(
    [...entries].map(([key, bytes]) => [`namespace_${namespace}.${kind}_${name}.${key}`, bytes]),
  );
}
