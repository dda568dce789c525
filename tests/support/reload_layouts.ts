/** Layouts of reload on a folder of a test, and what lies in it. */

import { silentLogger } from "#lib/log/logger.ts";
import { createFlatLayout } from "../../commands/reload/disk/flat_layout.ts";
import type { Layout, PreparedVersion } from "../../commands/reload/disk/layout.ts";
import type { SavedState } from "../../commands/reload/disk/state_file.ts";
import { createSymlinkLayout } from "../../commands/reload/disk/symlink_layout.ts";
import { hashOf, type Payload } from "../../commands/reload/payload/payload.ts";

/** Nothing asked of modes, owners and the disk. */
export const FILES = { fileMode: undefined, dirMode: undefined, owner: undefined, fsync: false };

const NEW_YEAR_MS = Date.UTC(2026, 0, 1);

/** A version from texts. */
export function payload(content: Record<string, string>): Map<string, Uint8Array> {
  const encoder = new TextEncoder();
  return new Map(Object.entries(content).map(([path, text]) => [path, encoder.encode(text)]));
}

/** The layout of links; each look at its clock takes a millisecond. */
export function symlinks(root: string, clock: { ms: number } = { ms: NEW_YEAR_MS }): Layout {
  return createSymlinkLayout(root, FILES, { now: () => clock.ms++, log: silentLogger });
}

/** The layout of files. */
export function flat(
  root: string,
  { claim = () => Promise.resolve(), keepsEarlier = false }: {
    readonly claim?: () => Promise<void>;
    readonly keepsEarlier?: boolean;
  } = {},
): Layout {
  return createFlatLayout(root, { files: FILES, keepsEarlier, now: () => NEW_YEAR_MS, claim });
}

/** What a run with the layout has left. */
export function stateOf(
  layout: Layout,
  { files = layout.files(), hash = "" }: {
    readonly files?: readonly string[];
    readonly hash?: string;
  } = {},
): SavedState {
  return {
    ...{ schema: 1, hash, dir: layout.current(), earlier: layout.earlier(), sources: [] },
    ...{ layout: layout.name, files, lastReloadHash: null, lastReloadOk: true },
  };
}

/** Prepares a version as one that is validated. */
export function prepare(layout: Layout, version: Payload, hash = ""): Promise<PreparedVersion> {
  return layout.prepare(version, { hash, isValidated: true });
}

/** Makes a version visible. */
export async function write(layout: Layout, content: Record<string, string>): Promise<void> {
  const version = payload(content);
  await (await prepare(layout, version, await hashOf(version))).switch();
}

/** What lies in a folder, sorted. */
export async function names(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();
}
