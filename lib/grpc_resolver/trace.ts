/** gRPC's own tracing (`GRPC_TRACE=kubernetes_resolver`, `GRPC_VERBOSITY=DEBUG`) of all that the resolver logs. */

import type { LogFields, Logger, LogLevel } from "#lib/log/logger.ts";
import { LOG_LEVELS } from "#lib/log/logger.ts";

/** Name of the tracer. */
const TRACER = "kubernetes_resolver";

/** What is used of `@grpc/grpc-js`. */
export interface TracingGrpc {
  readonly logVerbosity: { readonly DEBUG: number };
  readonly experimental: {
    readonly trace: (severity: number, tracer: string, text: string) => void;
  };
}

/** A logger that hands every line to the tracer, too, whatever the level of `logger`. */
export function tracedLogger(logger: Logger, grpc: TracingGrpc): Logger {
  const { trace } = grpc.experimental;
  const lines = LOG_LEVELS.map((level) =>
    [level, (message: string, fields?: LogFields) => {
      logger[level](message, fields);
      trace(grpc.logVerbosity.DEBUG, TRACER, `${message}${textOf(fields)}`);
    }] as const
  );
  const levels = Object.fromEntries(lines) as Pick<Logger, LogLevel>;
  return { ...levels, with: (fields) => tracedLogger(logger.with(fields), grpc) };
}

function textOf(fields: LogFields = {}): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${value instanceof Error ? value.message : String(value)}`)
    .join("");
}
