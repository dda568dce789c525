/**
 * What an object contributes to the environment of an application in one pass, that is for one of its profiles
 * (serve-config.md 14.1): files by their names, and plain entries as properties.
 */

import { type Extension, isActive, parseConfigFile } from "../spring/documents.ts";
import type { Properties, PropertyValue } from "../spring/properties.ts";
import type { ConfigObject } from "#lib/kube/config_object.ts";

/** One pass over the objects of an application. */
export interface Pass {
  /** Name of the application whose files count. */
  readonly application: string;
  readonly profile: string;
  /** Profiles of the request, by which documents of a file are chosen. */
  readonly active: ReadonlySet<string>;
}

/** The profile whose pass takes what belongs to no other. */
export const DEFAULT_PROFILE = "default";

interface NamedFile {
  readonly key: string;
  /** Text before the first dot. */
  readonly stem: string;
  readonly extension: Extension;
  readonly bytes: Uint8Array;
}

const FILE = /^([^.]*)(?:\..*)?\.(yml|yaml|properties)$/;

/**
 * The properties, later files over earlier ones and plain entries over files; empty when the object has none for
 * this pass.
 *
 * @param onSkipped told of each file whose name is that of another application
 * @throws {SyntaxError} naming the file that cannot be read
 */
export function propertiesOf(
  object: ConfigObject,
  pass: Pass,
  onSkipped: (key: string) => void = () => {},
): Properties {
  const properties = new Map<string, PropertyValue>();
  const files = filesOf(object);
  if (!contributes(object, files, pass)) return properties;
  for (const file of chosen(object, files, pass, onSkipped)) {
    const { key, bytes, extension } = file;
    const name = `${object.kind} ${object.namespace}/${object.name}, key ${key}`;
    for (const document of parseConfigFile(bytes, extension, name).documents) {
      if (!isActive(document, pass.active)) continue;
      for (const [property, value] of document.properties) properties.set(property, value);
    }
  }
  if (files.length > 0 && pass.profile !== DEFAULT_PROFILE) return properties;
  const fileKeys = new Set(files.map(({ key }) => key));
  for (const [key, bytes] of object.entries) {
    if (!fileKeys.has(key)) properties.set(key, plainText(object, bytes));
  }
  return properties;
}

function filesOf({ entries }: ConfigObject): NamedFile[] {
  return [...entries].flatMap(([key, bytes]) => {
    const [, stem, extension] = FILE.exec(key) ?? [];
    if (stem === undefined || extension === undefined) return [];
    return [{ key, stem, extension: extension as Extension, bytes }];
  });
}

function contributes(
  { name }: ConfigObject,
  files: readonly NamedFile[],
  { profile }: Pass,
): boolean {
  return profile === DEFAULT_PROFILE || name.endsWith(`-${profile}`) ||
    files.some(({ stem }) => stem.endsWith(`-${profile}`));
}

/** The files that count, the weakest first. A single file counts whatever its name. */
function chosen(
  object: ConfigObject,
  files: readonly NamedFile[],
  { application, profile }: Pass,
  onSkipped: (key: string) => void,
): readonly NamedFile[] {
  if (files.length === 1 && object.entries.size === 1) return files;
  const plain = files.filter(({ stem }) => stem === application);
  const ofProfile = files.filter(({ stem }) => stem === `${application}-${profile}`);
  for (const { key, stem } of files) {
    if (stem !== application && !stem.startsWith(`${application}-`)) onSkipped(key);
  }
  return profile === DEFAULT_PROFILE ? [...plain, ...ofProfile] : ofProfile;
}

const UTF8 = new TextDecoder();

/** Secrets often end in a line break that nobody typed. */
function plainText({ kind }: ConfigObject, bytes: Uint8Array): string {
  const text = UTF8.decode(bytes);
  return kind === "secret" ? text.trim() : text;
}
