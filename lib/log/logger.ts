/**
 * What the rest of the program needs of a logger: constant message, data as fields. The real one is made
 * in `create_logger.ts`; nothing here pulls in a logging package.
 */

/** Levels from chatty to grave. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error"] as const;

/** One of `LOG_LEVELS`. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Data beside a log message; camelCase keys. An error goes under `err`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logger. Messages are constant and lower-case, whatever varies goes into the fields. */
export interface Logger {
  /** For following a single operation. */
  trace(message: string, fields?: LogFields): void;
  /** For finding a fault. */
  debug(message: string, fields?: LogFields): void;
  /** What an operator wants to know. */
  info(message: string, fields?: LogFields): void;
  /** Something to look at that harms nothing yet. */
  warn(message: string, fields?: LogFields): void;
  /** Something failed for good. */
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

/** A logger that drops everything: the default of library parts that may run without one. */
export const silentLogger: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};
