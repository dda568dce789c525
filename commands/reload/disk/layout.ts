/** How versions come to lie in the directory; one file per layout implements it. */

import type { Payload } from "../payload/payload.ts";

/** A version that is written and not visible yet. */
export interface PreparedVersion {
  /** Folder that has its files, for validation; the directory itself in the flat layout. */
  readonly folder: string;
  /** Makes it the visible one; readers see the old or the new, nothing between. */
  switch(): Promise<void>;
  /** Removes it, because it was refused. */
  discard(): Promise<void>;
}

/** A layout of one directory. */
export interface Layout {
  readonly name: "symlink" | "flat";
  /** Takes over a directory, removes what a run that was killed has left; returns what is visible now. */
  open(): Promise<Payload | undefined>;
  /** Writes a version beside the visible one. */
  prepare(payload: Payload): Promise<PreparedVersion>;
  /** Whether the disk has exactly these files. */
  matches(payload: Payload): Promise<boolean>;
  /** Name of the visible version's folder, for the state file; empty without one. */
  current(): string;
  /** Removes versions that nobody needs any more, all but the newest `keep` before the visible one. */
  removeOld(keep: number): Promise<void>;
  /** Makes the version before the visible one visible again; `undefined` when there is none. */
  back(): Promise<Payload | undefined>;
}
