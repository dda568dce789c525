/**
 * Configuration files below search paths, in the order of precedence of the Java server (serve-config.md 14.2,
 * 14.3). Whatever can read a file by its path can be the tree.
 */

import {
  type ConfigDocument,
  type Extension,
  EXTENSIONS,
  isActive,
  parseConfigFile,
} from "./documents.ts";
import {
  type ConfigRepository,
  type ConfigResource,
  type Environment,
  type EnvironmentRequest,
  namesOf,
  type PropertySource,
  SpringError,
} from "./environment.ts";

/** How files are reached. */
export interface FileTree {
  /**
   * A file; `undefined` when there is none.
   *
   * @param path relative to the root, without empty, `.` or `..` parts
   * @throws {SpringError} when it cannot be read
   */
  read(path: string, signal: AbortSignal): Promise<ConfigResource | undefined>;
  /** Name of a file for source names: `file:/etc/config/app.yml`. */
  describe(path: string): string;
}

/** Where files are looked for. */
export interface FileRepositoryOptions {
  /** Relative folders, `""` for the root; may contain `{application}`, `{profile}` and `{label}`. */
  readonly searchPaths: readonly string[];
  /** Whether a folder named as the label, below each search path, is looked into as well. */
  readonly labelDirs: boolean;
}

/** Most names, profiles and folders of one request multiplied, so that a request cannot ask for thousands of files. */
const MAX_CANDIDATES = 2000;

/** Makes the repository. */
export function createFileRepository(
  { searchPaths, labelDirs }: FileRepositoryOptions,
  tree: FileTree,
): ConfigRepository {
  /** Folders, the weakest first. */
  function locationsOf({ application, profiles, label }: EnvironmentRequest): readonly string[] {
    const locations = new Set<string>();
    for (const template of searchPaths) {
      for (const base of expansions(template, { application, profiles, label })) {
        locations.add(base);
        if (label !== undefined && labelDirs) locations.add(join(base, label));
      }
    }
    return [...locations];
  }

  async function environment(
    request: EnvironmentRequest,
    signal: AbortSignal,
  ): Promise<Environment> {
    const locations = locationsOf(request).toReversed();
    const stems = [...namesOf(`application,${request.application}`)].toReversed();
    // Phase by phase: a profile's files outrank every plain one, in whatever folder.
    const phases = [...new Set(request.profiles)].toReversed().map((profile) => `-${profile}`);
    const suffixes = [...phases, ""];
    checkCount(locations.length * stems.length * suffixes.length * EXTENSIONS.length);
    const profiles = new Set(request.profiles);
    const propertySources: PropertySource[] = [];
    for (const suffix of suffixes) {
      for (const location of locations) {
        for (const stem of stems) {
          for (const extension of EXTENSIONS) {
            const path = join(location, `${stem}${suffix}.${extension}`);
            propertySources.push(...await sourcesOf(path, { extension, profiles, signal }));
          }
        }
      }
    }
    return { propertySources, version: null };
  }

  /** The documents of a file that count, the last one first. */
  async function sourcesOf(
    path: string,
    { extension, profiles, signal }: {
      readonly extension: Extension;
      readonly profiles: ReadonlySet<string>;
      readonly signal: AbortSignal;
    },
  ): Promise<PropertySource[]> {
    const file = await tree.read(path, signal);
    if (file === undefined) return [];
    const { bytes } = file;
    const name = tree.describe(path);
    return unreadableAs500(() => {
      const { documents } = parseConfigFile(bytes, extension, name);
      return documents.filter((document) => isActive(document, profiles)).toReversed()
        .map((document) => ({
          name: documents.length === 1 ? name : `${name} (document #${document.index})`,
          properties: document.properties,
          origin: originOf(document, { bytes, extension }),
        }));
    });
  }

  async function resource(
    request: EnvironmentRequest & { readonly path: string },
    signal: AbortSignal,
  ): Promise<ConfigResource | undefined> {
    const locations = locationsOf(request).toReversed();
    const candidates = [
      ...request.profiles.toReversed().map((profile) => withSuffix(request.path, profile)),
      request.path,
    ];
    checkCount(locations.length * candidates.length);
    for (const candidate of candidates) {
      for (const location of locations) {
        const file = await tree.read(join(location, candidate), signal);
        if (file !== undefined) return file;
      }
    }
    return undefined;
  }

  return { environment, resource };
}

/**
 * What `read` gives, a malformed file as an answer of its own.
 *
 * @throws {SpringError} 500 in place of a SyntaxError
 */
export function unreadableAs500<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError) throw new SpringError(500, error.message, { cause: error });
    throw error;
  }
}

function originOf(
  { index }: ConfigDocument,
  { bytes, extension }: { readonly bytes: Uint8Array; readonly extension: Extension },
) {
  return { bytes, isYaml: extension !== "properties", document: index };
}

/** A template with its placeholders filled: one folder per name and profile it asks for. */
function expansions(
  template: string,
  { application, profiles, label }: EnvironmentRequest,
): readonly string[] {
  const applications = template.includes("{application}") ? namesOf(application) : [""];
  const perProfile = template.includes("{profile}") ? profiles : [""];
  return applications.flatMap((name) =>
    perProfile.map((profile) =>
      template.replaceAll("{application}", name).replaceAll("{profile}", profile)
        .replaceAll("{label}", label ?? "").split("/").filter((part) => part !== "").join("/")
    )
  );
}

/** `conf/nginx.conf`, `dev` → `conf/nginx-dev.conf`. */
export function withSuffix(path: string, profile: string): string {
  const dot = path.lastIndexOf(".");
  if (dot <= path.lastIndexOf("/")) return `${path}-${profile}`;
  return `${path.slice(0, dot)}-${profile}${path.slice(dot)}`;
}

function join(folder: string, rest: string): string {
  return folder === "" ? rest : `${folder}/${rest}`;
}

function checkCount(candidates: number): void {
  if (candidates <= MAX_CANDIDATES) return;
  throw new SpringError(400, `The request asks for over ${MAX_CANDIDATES} files`);
}
