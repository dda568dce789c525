/** What is wrong with a target, in a word and a sentence (resolve.md 7.6, 12). */

import { exitCodeOf } from "#lib/kube/exit_code.ts";
import { emptyText, failureText, tooFewText } from "./messages.ts";
import type { Snapshot } from "./resolver.ts";
import type { Target } from "./target.ts";

/** `empty`: nothing usable; `notFound`: no such Service; `internal`: anything that has no name of its own. */
export type FailureCode = "internal" | "empty" | "notFound" | "denied" | "unreachable";

/** A failure for machines and for people. */
export interface Failure {
  /** For machines. */
  readonly code: FailureCode;
  /** For people; the details of status 14. */
  readonly message: string;
}

/** The deadline is over and the server has not answered. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** What is known of a target, or why nothing is. */
export interface Known {
  readonly target: Target;
  /** `undefined` until the server has answered. */
  readonly snapshot: Snapshot | undefined;
  /** Why the server gives nothing. */
  readonly error: unknown;
}

/** Why fewer than `needed` addresses are usable; `undefined` when there are enough. */
export function failureCodeOf(
  { snapshot, error }: Pick<Known, "snapshot" | "error">,
  needed = 1,
): FailureCode | undefined {
  if (snapshot === undefined) return codeOfError(error);
  if (snapshot.list.usable.length >= needed) return undefined;
  const isGone = snapshot.list.usable.length === 0 && snapshot.list.slices.length === 0 &&
    snapshot.service?.found === false;
  return isGone ? "notFound" : "empty";
}

/** The failure of a target; `undefined` when it has `needed` usable addresses. */
export function failureOf(known: Known, needed = 1): Failure | undefined {
  const code = failureCodeOf(known, needed);
  return code === undefined ? undefined : { code, message: messageOf(known, needed) };
}

function codeOfError(error: unknown): FailureCode {
  if (error === undefined || error instanceof DeadlineError) return "unreachable";
  switch (exitCodeOf(error)) {
    case 5:
      return "denied";
    case 6:
      return "unreachable";
    default:
      return "internal";
  }
}

function messageOf({ target, snapshot, error }: Known, needed: number): string {
  if (snapshot !== undefined) {
    const { usable, empty } = snapshot.list;
    return empty === undefined
      ? tooFewText(target, usable.length, needed)
      : emptyText(target, empty, snapshot);
  }
  return failureText(target, error ?? new DeadlineError("no answer in time"));
}
