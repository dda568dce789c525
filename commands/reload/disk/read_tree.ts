/** All files below a folder, as a payload. */

import type { Payload } from "../payload/payload.ts";

/** Most files that are read; a folder with more is not one of ours. */
const MAX_FILES = 100_000;

/** Reads a folder; `undefined` when it, or a part of it, vanished meanwhile. Links are not followed. */
export async function readTree(root: string): Promise<Payload | undefined> {
  const payload = new Map<string, Uint8Array>();
  const folders = [""];
  try {
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for await (const entry of Deno.readDir(`${root}/${folder}`)) {
        const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory) folders.push(path);
        else if (entry.isFile && payload.size < MAX_FILES) {
          payload.set(path, await Deno.readFile(`${root}/${path}`));
        }
      }
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return payload;
}
