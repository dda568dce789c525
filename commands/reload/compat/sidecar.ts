/** `--compat=k8s-sidecar`: the variables as if they had been given as flags; loaded where it is asked for. */

import { LIST_SEPARATOR } from "#lib/cli/flag.ts";
import { type ResolvedFlags, resolveFlags } from "#lib/cli/resolve_flags.ts";
import type { ScannedArgs } from "#lib/cli/scan_args.ts";
import { FLAGS } from "../flag_table.ts";
import { listenOf } from "../option_values.ts";
import type { ReloadOptions } from "../options.ts";
import { toOptions } from "../to_options.ts";
import { sidecarFlags } from "./sidecar_variables.ts";

/**
 * The options that the variables mean. Flags of reload itself count more than they.
 *
 * @throws {UsageError}
 */
export function sidecarOptions(
  scanned: ScannedArgs,
  env: Readonly<Record<string, string>>,
  cwd: string,
): ReloadOptions {
  const { flags, healthAddress } = sidecarFlags(env);
  const resolved: ResolvedFlags<typeof FLAGS> = resolveFlags(FLAGS, {
    flags: { ...flags, ...scanned.flags },
    env,
    command: "reload",
  });
  const options = toOptions(resolved, scanned, cwd);
  return {
    ...options,
    sidecarHealth: listenOf(healthAddress),
    equivalent: commandLine(flags),
  };
}

/** What to write instead, without passwords. */
function commandLine(flags: Readonly<Record<string, string>>): string {
  const words = Object.entries(flags).filter(([name, text]) => isWorthSaying(name, text))
    .flatMap(([name, text]) =>
      text.split(LIST_SEPARATOR).map((one) => quoted(`--${name}=${withoutSecrets(one)}`))
    );
  return ["kcfg reload", ...words].join(" ");
}

/** Not what is so anyway. */
function isWorthSaying(name: string, text: string): boolean {
  return text !== "" && text !== FLAGS[name as keyof typeof FLAGS].default;
}

function withoutSecrets(text: string): string {
  return text.replace(/^(Authorization: Basic ).*/s, "$1***")
    .replace(/(:\/\/[^/@:]*:).*@/s, "$1***@");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
