/** How `kcfg resolve` ends (resolve.md 12). */

import { emptyText, failureText } from "#lib/grpc_resolver/messages.ts";
import { exitCodeOf } from "#lib/kube/mod.ts";
import type { TargetState } from "./view.ts";

/** Names of the codes, as documents have them. */
const NAMES: Readonly<Record<number, string>> = {
  1: "internal",
  2: "usage",
  3: "empty",
  4: "notFound",
  5: "denied",
  6: "unreachable",
  7: "unhealthy",
};
const PRIORITY = [2, 6, 5, 4, 3, 7, 1, 0];

/** The deadline is over and the server has not answered. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** Code of a target that needs so many addresses, probes apart. */
export function codeOf({ snapshot, error }: TargetState, needed = 1): number {
  if (snapshot === undefined) {
    return error === undefined || error instanceof DeadlineError ? 6 : exitCodeOf(error);
  }
  if (snapshot.list.usable.length >= needed) return 0;
  if (snapshot.list.usable.length > 0) return 3;
  const isGone = snapshot.service?.found === false && snapshot.list.slices.length === 0;
  return isGone ? 4 : 3;
}

/** Name of a code. */
export function codeName(code: number): string {
  return NAMES[code] ?? "internal";
}

/** What is wrong with a target; `undefined` when nothing is. */
export function errorOf(
  state: TargetState,
): { readonly code: string; readonly message: string } | undefined {
  const code = codeOf(state);
  if (code === 0) return undefined;
  return { code: codeName(code), message: messageOf(state) };
}

function messageOf({ target, snapshot, error }: TargetState): string {
  const empty = snapshot?.list.empty;
  if (empty !== undefined) return emptyText(target, empty, snapshot?.service);
  return failureText(target, error ?? new DeadlineError("no answer in time"));
}

/** What a person can do about it. */
export function hintOf({ target, snapshot, error }: TargetState): string | undefined {
  const { namespace, service } = target;
  const empty = snapshot?.list.empty;
  if (snapshot?.service?.type === "ExternalName") return undefined;
  if (empty?.kind === "no-port") {
    return "choose one of the ports that are there, or none for the first";
  }
  if (empty?.kind === "none-ready") {
    return "see which ones and why: kcfg resolve --all " + `${service}.${namespace}`;
  }
  if (empty?.kind === "no-slices") {
    return snapshot?.service?.found === false
      ? `see what there is: kubectl get services -n ${namespace}`
      : "no pod matches the selector, or the service has none";
  }
  const code = codeOf({ target, snapshot, error, probes: undefined });
  if (code === 5) return `grant the rights: kcfg resolve --print-rbac -n ${namespace}`;
  if (code === 6) return "check the way to the server: kcfg doctor";
  return undefined;
}

/** One code for several. */
export function highest(codes: readonly number[]): number {
  return PRIORITY.find((code) => codes.includes(code)) ?? 1;
}
