/** What a run counts, whatever the names (reload.md 11). */

import type { ReloadReason } from "./actions/action.ts";
import type { TargetReport } from "./actions/http_action.ts";

/** What is counted. */
export interface ReloadMetrics {
  written(seconds: number): void;
  writeFailed(reason: string): void;
  refused(): void;
  /** @param action the actions that ran, separated by commas */
  reloaded(action: string, reason: ReloadReason, seconds: number): void;
  /** @param action the one that failed, `verify` for the verification */
  reloadFailed(action: string, reason: ReloadReason): void;
  /** The fast phase of tries is over without success. */
  gaveUp(): void;
  /** A target of the HTTP action was asked. */
  requested(report: TargetReport): void;
  /** A source that is no object has changed. */
  volumeChanged(): void;
  /** A source cannot be followed for the moment. */
  watchFailed(): void;
  changeTold(seconds: number): void;
  rolledBack(): void;
  reaped(count: number): void;
}
