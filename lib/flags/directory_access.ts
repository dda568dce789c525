/** The file system as the directory source sees it. `deno.ts` and `node.ts` have one each; tests may have another. */

/** One entry of a directory, links not followed. */
export interface ListedEntry {
  /** Name within its directory. */
  readonly name: string;
  /** What the entry itself is. */
  readonly kind: "file" | "directory" | "symlink" | "other";
}

/** What a path leads to, links followed. */
export interface PathStat {
  /** Never `symlink`. */
  readonly kind: ListedEntry["kind"];
  /** Bytes of a file. */
  readonly size: number;
  /** Tells apart what had the same path at different times. */
  readonly id: string;
}

/** Paths that changed, absolute or as the watch was given them. */
export type PathListener = (paths: readonly string[]) => void;

/** Reading and watching directories. Absence is an answer, not an error. */
export interface DirectoryAccess {
  /**
   * The reads below without waiting for another thread, for volumes that the kubelet keeps: their files are on the
   * node, in memory or as good as, and each way to a thread and back costs more than reading them. Without it they are
   * read like other directories.
   */
  readonly direct?: DirectReads;
  /** Entries of a directory in any order; `undefined` when there is no such directory. */
  list(path: string): Promise<readonly ListedEntry[] | undefined>;
  /** Path with all links resolved; `undefined` when it leads nowhere. */
  realPath(path: string): Promise<string | undefined>;
  /** Target of a link as written; `undefined` when there is no such link. */
  readLink(path: string): Promise<string | undefined>;
  /** What a path leads to, links followed; `undefined` when it leads nowhere. */
  stat(path: string): Promise<PathStat | undefined>;
  /** A file's bytes; `undefined` when it is not there. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /**
   * Watches the entries of a directory, without its sub-directories, until `signal` is aborted. Resolves once
   * changes are noticed; `closed` does when the runtime has let go of the directory. `onEnd` is called when the watch
   * ends without being asked to.
   *
   * @throws when the directory cannot be watched
   */
  watch(
    path: string,
    options: {
      readonly onPaths: PathListener;
      readonly onEnd: (err: unknown) => void;
      readonly signal: AbortSignal;
      /** Whether the process may end meanwhile; false by default. */
      readonly unref?: boolean;
    },
  ): Promise<{ readonly closed: Promise<void> }>;
}

/** The reads of a `DirectoryAccess` that answer at once. */
export type DirectReads = {
  readonly [Read in "list" | "realPath" | "readLink" | "stat" | "readFile"]: (
    path: string,
  ) => Awaited<ReturnType<DirectoryAccess[Read]>>;
};
