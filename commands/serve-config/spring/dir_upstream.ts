/** The Spring API over files of a directory (serve-config.md 14.3). */

import type { ServeConfigOptions } from "../options.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { SpringError } from "./environment.ts";
import { createFileRepository, type FileTree } from "./file_repository.ts";
import { openOverrides } from "./overrides.ts";
import { createSpringUpstream } from "./spring_upstream.ts";

/** Where the files are. */
export interface SpringDirDeps {
  readonly directory: string;
  /** Reads a file by its path below the directory. */
  readonly files: Upstream;
  /** What the raw interface serves. */
  readonly raw: Upstream;
}

/**
 * Makes the backend; a change of any file concerns every answer, because each is made of many.
 *
 * @throws {SpringError} when the file of overrides cannot be read
 */
export async function createSpringDirUpstream(
  { api, backendOptions, maxObjectBytes }: ServeConfigOptions,
  { directory, files, raw }: SpringDirDeps,
): Promise<Upstream> {
  const upstream = createSpringUpstream(
    { acceptEmpty: backendOptions.acceptEmpty, maxObjectBytes },
    {
      kind: raw.kind,
      overrides: await openOverrides(backendOptions.overrides),
      repository: createFileRepository(backendOptions, treeOf(files, directory)),
      raw: api === "both" ? raw : undefined,
      watch: (onChange, signal) => files.watch(() => onChange({ affects: () => true }), signal),
    },
  );
  return {
    ...upstream,
    async load(key, signal) {
      // An answer of several files is made again when the volume was swapped between two of them.
      for (let tries = 1;; tries++) {
        const before = await volumeVersion(directory);
        const outcome = await upstream.load(key, signal);
        if (tries === MAX_SWAPS_PER_ANSWER || await volumeVersion(directory) === before) {
          return outcome;
        }
      }
    },
  };
}

/** How often an answer is begun again because the volume was swapped. */
const MAX_SWAPS_PER_ANSWER = 10;

/** Where the kubelet's link points; `undefined` for a directory that is no mounted volume. */
async function volumeVersion(directory: string): Promise<string | undefined> {
  try {
    return await Deno.readLink(`${directory}/..data`);
  } catch {
    // Whatever is wrong with the directory, reading its files says it better.
    return undefined;
  }
}

function treeOf(files: Upstream, directory: string): FileTree {
  const root = directory.startsWith("/") ? directory : `${Deno.cwd()}/${directory}`;
  return {
    async read(path, signal) {
      const outcome = await files.load(`/${path}`, signal);
      switch (outcome.kind) {
        case "found":
          return { bytes: outcome.bytes, lastModifiedMs: outcome.lastModifiedMs };
        case "missing":
          return undefined;
        case "too-large":
          throw new SpringError(502, `The file "${path}" is too large`);
        default:
          throw new SpringError(500, `The file "${path}" cannot be read`);
      }
    },
    describe: (path) => `file:${root.replace(/\/$/, "")}/${path}`,
  };
}
