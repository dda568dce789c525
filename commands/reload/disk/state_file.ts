/** What a run leaves for the next one in the directory: which files are its own, what was reloaded (reload.md 6.4). */

import { writeFileAtomically } from "#lib/fs/atomic_write.ts";
import { problemOf } from "../payload/payload.ts";

/** Name of the file, without the ending that an application may look for (decision 41). */
const STATE_FILE = "..kcfg-state";

/** Whether a name is of a state file that a run which was killed did not finish. */
export function isStateLeftOver(name: string): boolean {
  return name.startsWith(`${STATE_FILE}.`);
}

/** Its content. */
export interface SavedState {
  readonly schema: 1;
  /** Version hash of what is on disk. */
  readonly hash: string;
  /** Folder of that version; empty in the flat layout. */
  readonly dir: string;
  /** Folders of versions before it that a start must not remove, the oldest first. */
  readonly earlier: readonly { readonly dir: string; readonly hash: string }[];
  readonly sources: readonly {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  }[];
  readonly lastReloadHash: string | null;
  readonly lastReloadOk: boolean;
  readonly layout: string;
  /** Paths of the files written. */
  readonly files: readonly string[];
}

/** Reads the file; `undefined` when it is not there or makes no sense, as at a first start. */
export function readState(root: string): SavedState | undefined {
  try {
    const state = JSON.parse(Deno.readTextFileSync(`${root}/${STATE_FILE}`));
    const isState = state?.schema === 1 && typeof state.hash === "string" &&
      typeof state.dir === "string" && Array.isArray(state.files);
    if (!isState) return undefined;
    return {
      ...state,
      earlier: Array.isArray(state.earlier) ? state.earlier.filter(isEarlier) : [],
      // Whoever may write in the directory must not choose what is removed elsewhere.
      files: state.files.filter((path: unknown) =>
        typeof path === "string" && problemOf(path) === undefined
      ),
    };
  } catch {
    // Whatever is wrong with it, the directory is then treated as one of a first start.
    return undefined;
  }
}

function isEarlier(version: unknown): boolean {
  const { dir, hash } = (version ?? {}) as { readonly dir?: unknown; readonly hash?: unknown };
  return typeof dir === "string" && typeof hash === "string";
}

/** Replaces the file. */
export async function writeState(
  root: string,
  state: SavedState,
  { sync }: { readonly sync: boolean },
): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(state)}\n`);
  await writeFileAtomically(`${root}/${STATE_FILE}`, bytes, { sync });
}
