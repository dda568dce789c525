/** Targets as people type them (resolve.md 2.5): `web.prod:80`, `svc/web`, `prod/web`, and every form of the library. */

import { UsageError } from "#lib/cli/usage_error.ts";
import {
  canonicalName,
  InvalidTargetError,
  parseTarget,
  portModeOf,
  type Target,
} from "#lib/grpc_resolver/target.ts";

/** What the command line says for all targets. */
export interface BareTargetOptions {
  /** `-n`; `undefined` when it is not given. */
  readonly namespace: string | undefined;
  /** The configured namespace, for targets that name none. */
  readonly defaultNamespace: () => string;
  /** `--port`; `undefined` when it is not given. */
  readonly port: string | undefined;
}

const KINDS = ["svc", "service", "services"];

/** @throws {UsageError} for a target that is none, or contradicts `-n` */
export function parseBareTarget(
  text: string,
  { namespace, defaultNamespace, port }: BareTargetOptions,
): Target {
  let isNamed = true;
  const fallback = () => {
    isNamed = false;
    return namespace ?? defaultNamespace();
  };
  let target: Target;
  try {
    target = { ...parseTarget(uriOf(text), { namespace: fallback }), input: text };
  } catch (error) {
    if (!(error instanceof InvalidTargetError)) throw error;
    const reason = error.message.slice(error.message.lastIndexOf('": ') + 3);
    throw new UsageError(`Target "${text}": ${reason}`, [
      "forms are SERVICE[.NAMESPACE][:PORT], NAMESPACE/SERVICE[:PORT] and kubernetes:///…",
    ], { cause: error });
  }
  if (isNamed && namespace !== undefined && namespace !== target.namespace) {
    throw new UsageError(
      `Target "${text}" is in namespace "${target.namespace}", -n says "${namespace}"`,
    );
  }
  return port === undefined ? target : withPort(target, port);
}

function uriOf(text: string): string {
  if (text.includes("://") || /^kubernetes:/i.test(text)) return text;
  const slash = text.indexOf("/");
  if (slash < 0) return `kubernetes:///${text}`;
  const [first, rest] = [text.slice(0, slash), text.slice(slash + 1)];
  return KINDS.includes(first) ? `kubernetes:///${rest}` : `kubernetes://${first}/${rest}`;
}

function withPort(target: Target, port: string): Target {
  const portMode = portModeOf(port);
  if (portMode === undefined) throw new UsageError(`Flag --port: "${port}" is no port`);
  return { ...target, port, portMode, canonical: canonicalName({ ...target, port }) };
}
