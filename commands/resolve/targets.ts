/** Arguments of the command line as targets (resolve.md 2.5): URIs as the library takes them, and short names. */

import { UsageError } from "#lib/cli/usage_error.ts";
import {
  canonicalName,
  InvalidTargetError,
  parseTarget,
  portModeOf,
  type Target,
} from "#lib/grpc_resolver/target.ts";

/** What stands beside an argument. */
export interface TargetContext {
  /** Of `-n`. */
  readonly given: string | undefined;
  /** Of the configuration. */
  readonly configured: string;
  /** Of `--port`. */
  readonly port: string | undefined;
}

/** The target an argument names. @throws {UsageError} */
export function toTarget(argument: string, { given, configured, port }: TargetContext): Target {
  const home = given ?? configured;
  let isOwn = true;
  const namespace = () => {
    isOwn = false;
    return home;
  };
  const target = parse(argument, namespace);
  if (given !== undefined && isOwn && target.namespace !== given) {
    throw new UsageError(
      `Target "${argument}" names namespace "${target.namespace}", flag --namespace "${given}"`,
      ["leave out one of them"],
    );
  }
  const wanted = port === undefined ? target : {
    ...target,
    port,
    portMode: portModeOf(port) ?? target.portMode,
    canonical: canonicalName({ ...target, scheme: target.canonical.split(":", 1)[0] ?? "", port }),
  };
  return { ...wanted, input: argument };
}

function parse(argument: string, namespace: () => string): Target {
  try {
    return parseTarget(expand(argument), { namespace });
  } catch (error) {
    if (!(error instanceof InvalidTargetError)) throw error;
    const reason = error.message.slice(error.message.indexOf('": ') + 3);
    throw new UsageError(`Target "${argument}": ${reason}`, [
      "web.prod:grpc, prod/web:8080 and kubernetes:///web.prod are targets",
    ], { cause: error });
  }
}

function expand(argument: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(argument)?.[1];
  if (scheme !== undefined) {
    if (scheme.toLowerCase() === "kubernetes") return argument;
    throw new UsageError(`Target "${argument}": scheme "${scheme}" is not "kubernetes"`);
  }
  if (/^kubernetes:/i.test(argument)) return argument;
  const kubectl = /^(?:svc|service|services)\/(.*)$/.exec(argument)?.[1];
  if (kubectl !== undefined) return `kubernetes:///${kubectl}`;
  return argument.includes("/") ? `kubernetes://${argument}` : `kubernetes:///${argument}`;
}
