/** How an application is told of a version; one file per way implements it (reload.md 8). */

/** Why a run happens. */
export type ReloadReason = "start" | "change" | "resync" | "forced" | "rollback";

/** What is announced. */
export interface ReloadRun {
  /** Version hash. */
  readonly hash: string;
  readonly previousHash: string;
  readonly reason: ReloadReason;
  /** Folder of the version's files. */
  readonly folder: string;
}

/** A way to tell. */
export interface Action {
  readonly name: "http" | "signal" | "process" | "pidfile" | "command" | "restart" | "none";
  /**
   * Tells the application once; resolves when it has heard. A further call for the same version is a retry.
   *
   * @throws {Error} saying what did not work, without credentials
   */
  run(run: ReloadRun, signal: AbortSignal): Promise<void>;
}

/** Variables of hooks: validation and the command action. */
export function hookEnvironment(
  { hash, previousHash, folder }: Omit<ReloadRun, "reason">,
  root: string,
): Record<string, string> {
  return {
    KCFG_CONFIG_DIR: folder,
    KCFG_CONFIG_ROOT: root,
    KCFG_CONFIG_HASH: hash,
    KCFG_PREVIOUS_HASH: previousHash,
  };
}
