/** The ConfigMaps and Secrets of a manifest file as a source, for checks before anything is deployed. */

import {
  type ConfigObject,
  type ConfigObjectEvent,
  type ConfigObjectInformer,
  type ConfigObjectRef,
  configObjectSource,
} from "#lib/flags/config_object_source.ts";
import { denoDirectoryAccess } from "#lib/flags/deno.ts";
import type { FlagSource } from "#lib/flags/source.ts";
import { parseYamlDocuments } from "#lib/format/yaml.ts";
import { encodeBase64 } from "#lib/format/base64.ts";
import { isObject } from "./schema.ts";

/**
 * Reads a manifest: YAML or JSON, several documents or a `List`; objects of other kinds are passed over.
 *
 * @throws {Error} when the file is not there, is malformed, or has neither ConfigMap nor Secret
 */
export async function readManifest(path: string): Promise<FlagSource> {
  const bytes = await denoDirectoryAccess.readFile(path);
  if (bytes === undefined) throw new Error(`Cannot read manifest "${path}": no such file`);
  let documents: unknown[];
  try {
    documents = parseYamlDocuments(new TextDecoder().decode(bytes));
  } catch (err) {
    const reason = err instanceof Error ? err.message : String(err);
    throw new Error(`Cannot read manifest "${path}": ${reason}`, { cause: err });
  }
  const refs = documents.flatMap((document) => objectsIn(document, path));
  if (refs.length === 0) throw new Error(`Manifest "${path}" has no ConfigMap and no Secret`);
  return configObjectSource(refs);
}

function objectsIn(document: unknown, path: string): ConfigObjectRef[] {
  if (!isObject(document)) return [];
  const { kind, items, metadata } = document;
  if (kind === "List" && Array.isArray(items)) return items.flatMap((one) => objectsIn(one, path));
  if (kind !== "ConfigMap" && kind !== "Secret") return [];
  const name = isObject(metadata) ? String(metadata["name"] ?? "") : "";
  const object = { data: dataOf(document, kind), binaryData: textsOf(document["binaryData"]) };
  return [{
    kind,
    description: `${kind.toLowerCase()} ${name} in ${path}`,
    open: () => unchanging(object),
  }];
}

function dataOf(document: Readonly<Record<string, unknown>>, kind: string): ConfigObject["data"] {
  const data = textsOf(document["data"]);
  if (kind === "ConfigMap") return data;
  // The server encodes these and lets them win.
  const plain = Object.entries(textsOf(document["stringData"]) ?? {}).map(([name, text]) =>
    [name, encodeBase64(new TextEncoder().encode(text))] as const
  );
  return { ...data, ...Object.fromEntries(plain) };
}

function textsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  const entries = isObject(value) ? Object.entries(value) : [];
  const wrong = entries.find(([, text]) => typeof text !== "string");
  if (!isObject(value) || wrong !== undefined) {
    throw new TypeError(`Key "${wrong?.[0] ?? "data"}" of the manifest is no text; quote it`);
  }
  return value as Readonly<Record<string, string>>;
}

/** An informer on something that is known and never changes. */
function unchanging(object: ConfigObject): ConfigObjectInformer {
  let tell: (event: ConfigObjectEvent) => void = () => undefined;
  return {
    start() {
      tell({ type: "added", object });
      tell({ type: "synced" });
    },
    stop: () => Promise.resolve(),
    addHandler(handler) {
      tell = handler;
      return () => tell = () => undefined;
    },
  };
}
