/** How many addresses must be well for exit status 0 (resolve.md 13). */

import { UsageError } from "#lib/cli/usage_error.ts";

/** A test of how many of how many are well. */
export type ProbePolicy = (well: number, all: number) => boolean;

/** @throws {UsageError} for anything but `all`, `any`, a number or a percentage */
export function parsePolicy(text: string): ProbePolicy {
  if (text === "all") return (well, all) => well === all;
  if (text === "any") return (well) => well > 0;
  const [, digits, percent] = /^(\d+)(%?)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new UsageError(
      `Flag --probe-policy: "${text}" is not all, any, a number or a percentage`,
    );
  }
  const wanted = Number(digits);
  return percent === "%" ? (well, all) => well * 100 >= wanted * all : (well) => well >= wanted;
}
