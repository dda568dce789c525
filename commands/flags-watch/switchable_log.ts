/** A logger whose level and form may change while it is in use, because flags decide them. */

import { createLogger, type FlushableLogger, type LogSink } from "#lib/log/create_logger.ts";
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";

/** What decides about lines. */
export interface LogForm {
  readonly level: LogLevel;
  readonly format: "text" | "json" | "auto";
  readonly timestamps: boolean;
}

/** The logger with its switch. */
export interface SwitchableLog extends FlushableLogger {
  /** From now on lines have this form; derived loggers follow. */
  change(form: Partial<LogForm>): void;
}

/** Makes it. */
export function createSwitchableLog(
  form: LogForm,
  deps: { readonly sink: LogSink; readonly clock: Clock },
): SwitchableLog {
  let current = form;
  let target = createLogger(current, deps);
  // Derived loggers keep their fields and ask for the logger in force at each line.
  function derive(bound: LogFields): Logger {
    const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(current.level)) return;
      target[level](message, { ...bound, ...fields });
    };
    return {
      trace: at("trace"),
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      with: (fields) => derive({ ...bound, ...fields }),
    };
  }
  return {
    ...derive({}),
    flush: () => target.flush(),
    change(changes) {
      target.flush();
      current = { ...current, ...changes };
      target = createLogger(current, deps);
    },
  };
}
