/** A version in a folder of its own, named by its time as the kubelet names them (reload.md 6.2). */

import { inBatches } from "#lib/fs/in_batches.ts";
import type { Payload } from "../payload/payload.ts";
import { type FileOptions, makeFolder, makeParents, syncFolder, writeNewFile } from "./files.ts";

/** Names of such folders. */
export const VERSION_NAME = /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+$/;

/**
 * Makes an empty folder below `root`; returns its name, which sorts behind the others: the time, with the
 * fraction counted up when it is taken.
 *
 * @param nowMs milliseconds since the epoch
 */
export function makeVersionFolder(root: string, nowMs: number, options: FileOptions): string {
  const time = new Date(nowMs).toISOString().replace(/[-T:]/g, "_").slice(0, 19);
  for (let fraction = Math.floor(nowMs % 1000) * 1_000_000;; fraction++) {
    const name = `..${time}.${String(fraction).padStart(9, "0")}`;
    try {
      makeFolder(`${root}/${name}`, options);
      return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/** Writes the files into an empty folder, and waits for the disk where the options say so. */
export async function writeVersion(
  folder: string,
  payload: Payload,
  options: FileOptions,
): Promise<void> {
  const folders = new Set([folder]);
  for (const path of payload.keys()) {
    makeParents(folder, path, options);
    const slash = path.lastIndexOf("/");
    if (slash > 0) folders.add(`${folder}/${path.slice(0, slash)}`);
  }
  await inBatches(payload, ([path, bytes]) => writeNewFile(`${folder}/${path}`, bytes, options));
  for (const one of folders) await syncFolder(one, options);
}
