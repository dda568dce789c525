/** How versions come to lie in the directory; one file per layout implements it. */

import type { Payload } from "../payload/payload.ts";
import type { SavedState } from "./state_file.ts";

/** A version that is written and not visible yet. */
export interface PreparedVersion {
  /** Folder that has its files, for validation. */
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
  open(saved: SavedState | undefined): Promise<Payload | undefined>;
  /**
   * Writes a version beside the visible one. Where only a validation needs it there, it is written for one alone.
   *
   * @throws {RefusedVersion} when something foreign stands in the way
   */
  prepare(
    payload: Payload,
    version: { readonly hash: string; readonly isValidated: boolean },
  ): Promise<PreparedVersion>;
  /** Whether the disk has exactly these files. */
  matches(payload: Payload): Promise<boolean>;
  /** Name of the visible version's folder, for the state file; empty without one. */
  current(): string;
  /** Paths of the files that are ours, for the state file. */
  files(): readonly string[];
  /** Earlier versions that are still on disk, for the state file; the oldest first. */
  earlier(): SavedState["earlier"];
  /**
   * Removes all but the newest `keep` before the visible one and those that have one of the hashes `needed`, as far as
   * they have not been visible for `graceMs`. Resolves to whether some are left for a later call.
   */
  removeOld(
    keep: number,
    needed: readonly (string | null | undefined)[],
    graceMs: number,
  ): Promise<boolean>;
  /** Makes the version visible again that has `hash`; `undefined` when there is none. */
  backTo(hash: string): Promise<Payload | undefined>;
}
