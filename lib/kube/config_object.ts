/** ConfigMaps and Secrets as folders of bytes, read once however often they are asked for. */

import { decodeBase64 } from "#lib/format/base64.ts";
import type { KubeObject } from "./types.ts";

/** Kinds that hold configuration, in their order of precedence. */
export const KINDS = ["configmap", "secret"] as const;

/** A kind that holds configuration. */
export type ConfigKind = typeof KINDS[number];

/** A ConfigMap or Secret. */
export interface ConfigObject {
  readonly kind: ConfigKind;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  /** Bytes by key, in the order of the object, `data` before `binaryData`. */
  readonly entries: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** An object as the API server gives it. */
export type StoredObject = KubeObject & {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
};

/**
 * Reads a stored object.
 *
 * @throws {SyntaxError} for a value that is no base64, which the API server lets in nowhere
 */
export function toConfigObject(stored: StoredObject, kind: ConfigKind): ConfigObject {
  const { namespace = "", name = "", resourceVersion = "" } = stored.metadata ?? {};
  const entries = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [key, value] of Object.entries(stored.data ?? {})) {
    entries.set(key, kind === "secret" ? decodeBase64(value) : new TextEncoder().encode(value));
  }
  for (const [key, value] of Object.entries(stored.binaryData ?? {})) {
    entries.set(key, decodeBase64(value));
  }
  return { kind, namespace, name, resourceVersion, entries };
}
