/** How `kcfg resolve` ends (resolve.md 12). */

import { type FailureCode, failureCodeOf } from "#lib/grpc_resolver/failure.ts";
import { KubeApiError, KubeAuthError } from "#lib/kube/errors.ts";
import type { TargetState } from "./view.ts";

const CODES: Readonly<Record<FailureCode, number>> = {
  internal: 1,
  empty: 3,
  notFound: 4,
  denied: 5,
  unreachable: 6,
};
const NO_PODS = "no pod matches the selector, or the service has none";
const PRIORITY = [2, 6, 5, 4, 3, 7, 1, 0];

/** Code of a target that needs so many addresses, probes apart. */
export function codeOf(state: TargetState, needed = 1): number {
  const code = failureCodeOf(state, needed);
  return code === undefined ? 0 : CODES[code];
}

/** What a person can do about it. */
export function hintOf({ target, snapshot, error }: TargetState): string | undefined {
  const { namespace, service } = target;
  const empty = snapshot?.list.empty;
  if (snapshot?.service?.type === "ExternalName") return undefined;
  const found = snapshot?.service?.found;
  if (empty?.kind === "no-port" && found !== false) {
    return found === undefined && target.portMode === "number" && empty.wanted !== ""
      ? `grant the rights: kcfg resolve --print-rbac --port-mode=service -n ${namespace}`
      : "choose one of the ports that are there, or none for the first";
  }
  if (empty?.kind === "none-ready") {
    return empty.total === 0
      ? NO_PODS
      : `see which ones and why: kcfg resolve --all ${service}.${namespace}`;
  }
  if (empty !== undefined) {
    return found === false ? `see what there is: kubectl get services -n ${namespace}` : NO_PODS;
  }
  if (snapshot !== undefined && error === undefined) {
    return `see what keeps the others away: kcfg resolve --all ${service}.${namespace}`;
  }
  if (error instanceof KubeAuthError) return "see what is wrong with them: kcfg doctor";
  if (error instanceof KubeApiError && error.status === 401) {
    return "the credentials are not accepted, renew them; kcfg doctor tells which they are";
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
