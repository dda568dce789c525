/** What the doctor found, and how it is printed. */

import type { AccessReview } from "#lib/kube/mod.ts";
import { formatTable } from "#lib/term/table.ts";

/** One finding. */
export interface Finding {
  readonly check: string;
  /** `warn` is worth knowing and does not change the exit code. */
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** An access review, and whose rule it belongs to. */
export interface AccessFinding extends AccessReview {
  readonly command: string;
  /** Its refusal is tolerated by the command. */
  readonly optional: boolean;
}

/** The whole report. */
export interface DoctorReport {
  readonly findings: readonly Finding[];
  /** Empty without `--check-access`. */
  readonly access: readonly AccessFinding[];
  /** 0 well, 1 configuration, 5 denied, 6 unreachable. */
  readonly exitCode: number;
}

/** The report for a person. */
export function formatText({ findings, access }: DoctorReport): string {
  const parts = [formatTable(findings, {
    columns: [
      { header: "check", value: ({ check }) => check },
      { header: "status", value: ({ status }) => status },
      { header: "detail", value: ({ detail }) => detail },
    ],
  })];
  const hints = findings.flatMap(({ check, hint }) =>
    hint === undefined ? [] : [`${check}: ${hint}`]
  );
  if (hints.length > 0) parts.push(`${hints.join("\n")}\n`);
  if (access.length > 0) {
    parts.push(formatTable(access, {
      columns: [
        { header: "command", value: ({ command }) => command },
        { header: "verb", value: ({ verb }) => verb },
        { header: "resource", value: (review) => resourceOf(review) },
        { header: "namespace", value: ({ namespace }) => namespace ?? "*" },
        { header: "allowed", value: ({ allowed }) => allowed ? "allowed" : "denied" },
        {
          header: "reason",
          value: ({ reason, optional }) => reason || (optional ? "optional" : ""),
        },
      ],
    }));
  }
  return parts.join("\n");
}

/** The report for a program; stable. */
export function formatJson({ findings, access, exitCode }: DoctorReport): string {
  return `${JSON.stringify({ healthy: exitCode === 0, findings, access }, null, 2)}\n`;
}

function resourceOf({ resource, group, name }: AccessReview): string {
  const full = group === "" ? resource : `${resource}.${group}`;
  return name === undefined ? full : `${full}/${name}`;
}
