/** What is said on stderr beside the data: footer, warnings, errors with what to do. */

import { failureOf } from "#lib/grpc_resolver/failure.ts";
import { oneLine } from "#lib/term/one_line.ts";
import { codeOf, hintOf } from "./exit_codes.ts";
import type { TargetState } from "./view.ts";

/** `prod/web: 3 usable of 5 endpoints in 2 slices (endpointslices, rv 12345)`. */
export function footerOf({ target, snapshot }: TargetState): string {
  if (snapshot === undefined) return "";
  const { list, source, resourceVersion } = snapshot;
  const { usable, endpoints, slices } = list;
  const where = `${slices.length} slice${slices.length === 1 ? "" : "s"}`;
  const version = resourceVersion === "" ? "" : `, rv ${resourceVersion}`;
  return `${target.namespace}/${target.service}: ${usable.length} usable of ${endpoints.length} ` +
    `endpoints in ${where} (${source}${version})\n`;
}

/** Warnings and the error of a target that needs so many addresses, as `kcfg: …` lines. */
export function notesOf(state: TargetState, needed = 1): string {
  const warnings = [...state.target.warnings, ...state.snapshot?.list.warnings ?? []];
  const lines = warnings.map((text) => `kcfg: warning: ${text}`);
  const error = failureOf(state, needed);
  if (error !== undefined) lines.push(`kcfg: error: ${error.message}`);
  const hint = codeOf(state, needed) === 0 ? undefined : hintOf(state);
  if (hint !== undefined) lines.push(`kcfg: hint: ${hint}`);
  return lines.map((line) => `${oneLine(line)}\n`).join("");
}
