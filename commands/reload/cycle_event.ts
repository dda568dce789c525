/** What people should hear of, for Kubernetes Events (reload.md 12). */

/** Something that happened to a version. */
export interface CycleEvent {
  readonly reason:
    | "ConfigReloaded"
    | "ConfigReloadFailed"
    | "ConfigRefused"
    | "ConfigRolledBack"
    | "ConfigSourceMissing";
  readonly message: string;
  readonly hash: string;
}
