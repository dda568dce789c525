/** Where contents come from; one file per kind of source implements it. */

import type { PayloadPart } from "../payload/payload.ts";

/** Whether a change stands alone, as a swap or an object's event does, or comes in a group. */
export type ChangeKind = "lone" | "grouped";

/** A source as the status shows it. */
export interface SourceStatus {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly mode: "watch" | "poll" | "volume";
  readonly uid: string;
  readonly resourceVersion: string;
  readonly present: boolean;
  /** Milliseconds since the epoch; `undefined` before the first contact. */
  readonly lastContact: number | undefined;
  readonly error: string | undefined;
  /** Whether that is for lack of a right. */
  readonly isForbidden?: boolean;
}

/** The start cannot go on: exit status 1. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
  /** What the user can do about it. */
  readonly hints: readonly string[];

  constructor(message: string, hints?: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.hints = hints ?? [];
  }
}

/** A source. */
export interface Source {
  /**
   * Has the first state when it resolves.
   *
   * @throws {StartFailure} when there will be none
   */
  load(signal: AbortSignal): Promise<void>;
  /** Reports changes from `load` on until `signal` is aborted; resolves when it has let go of everything. */
  follow(events: SourceEvents, signal: AbortSignal): Promise<void>;
  /** What is wanted now. */
  parts(): readonly PayloadPart[];
  status(): readonly SourceStatus[];
  /** Looks again, whatever events said. @throws {Error} when it cannot before `signal` is aborted */
  refresh(signal: AbortSignal): Promise<void>;
  /** Lets go of what `load` has begun, where it is not followed. */
  close(): Promise<void>;
}

/** What a source tells while it is followed. */
export interface SourceEvents {
  onChange(kind: ChangeKind): void;
  /** It cannot be followed or read for the moment. */
  onFailure(): void;
  /** The application is to be told, whatever has changed. */
  onForced(): void;
  /** The object is gone. */
  onMissing(title: string): void;
  /** The object is gone and the options say that the process ends. */
  onEnd(reason: string): void;
}
