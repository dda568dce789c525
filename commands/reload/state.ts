/** What a run knows of itself: shown by the status, asked by health, kept between the steps of the cycle. */

/** State of the whole, in the words of the status. */
export type RunState =
  | "starting"
  | "synced"
  | "applying"
  | "reload-failing"
  | "refused"
  | "rolled-back"
  | "source-missing"
  | "stopping";

/** Facts of a run; the cycle writes them, everybody else reads. */
export interface RunFacts {
  /** Version hash of what is visible; empty before the first. */
  hash: string;
  /** Hash of the last version that the application has heard of. */
  lastReloadHash: string | undefined;
  lastReloadOk: boolean;
  /** The same of the version before that one; `undefined` when this run knows of none. */
  previousReloadHash: string | undefined;
  /** Hash of what the sources want; empty when it could not be built. */
  wantedHash: string;
  /** Milliseconds since the epoch, as all times here but one. */
  lastAttemptMs: number | undefined;
  lastSuccessMs: number | undefined;
  attempts: number;
  consecutiveFailures: number;
  lastError: string | undefined;
  nextAttemptMs: number | undefined;
  /** When the fast phase ended in failure, on the monotonic clock. */
  failingSinceMs: number | undefined;
  /** Why a version was not taken; `undefined` while the last one was. */
  refusal: { readonly hash: string; readonly reason: string } | undefined;
  /** Why the disk could not be written. */
  writeError: string | undefined;
  /** Why the state file could not be. */
  stateError: string | undefined;
  readonly quarantined: Set<string>;
  isRolledBack: boolean;
  isApplying: boolean;
  isStopping: boolean;
  /** Whether the first version is on the disk, and the application, if there is one, was started. */
  isReady: boolean;
  envsubstMissing: number;
}

/** The facts of a run that has done nothing yet. */
export function newFacts(): RunFacts {
  return {
    hash: "",
    lastReloadHash: undefined,
    lastReloadOk: true,
    previousReloadHash: undefined,
    wantedHash: "",
    lastAttemptMs: undefined,
    lastSuccessMs: undefined,
    attempts: 0,
    consecutiveFailures: 0,
    lastError: undefined,
    nextAttemptMs: undefined,
    failingSinceMs: undefined,
    refusal: undefined,
    writeError: undefined,
    stateError: undefined,
    quarantined: new Set(),
    isRolledBack: false,
    isApplying: false,
    isStopping: false,
    isReady: false,
    envsubstMissing: 0,
  };
}

/** The state in one word. */
export function stateOf(
  facts: RunFacts,
  { sourcesPresent }: { readonly sourcesPresent: boolean },
): RunState {
  if (facts.isStopping) return "stopping";
  if (!facts.isReady) return "starting";
  // What cannot be written yet is tried until it can.
  if (facts.isApplying || facts.writeError !== undefined) return "applying";
  if (facts.isRolledBack) return "rolled-back";
  if (facts.refusal !== undefined) return "refused";
  if (facts.consecutiveFailures > 0) return "reload-failing";
  return sourcesPresent ? "synced" : "source-missing";
}
