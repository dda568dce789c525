/**
 * The real logger: one line a message, as text for people or JSON for machines, redacted, to one sink.
 * Lines are written in batches, so that a busy server does not make a system call for each request.
 */

import type { Clock, Timer } from "#lib/run/clock.ts";
import { LOG_LEVELS } from "./logger.ts";
import type { LogFields, Logger, LogLevel } from "./logger.ts";
import { redact } from "./redact.ts";

/** Where lines go; a `TextSink` fits. */
export interface LogSink {
  write(text: string): void;
  readonly isTerminal: boolean;
}

/** How to write lines. */
export interface LoggerOptions {
  /** Least important level that is written. */
  readonly level: LogLevel;
  /** `auto` is text on a terminal and JSON otherwise. */
  readonly format: "text" | "json" | "auto";
}

/** A logger with a door to make sure that everything is out. */
export interface FlushableLogger extends Logger {
  /** Writes what is still batched. */
  flush(): void;
}

/** A batch is written when this is over or when it has grown to `BATCH_CHARS`. */
const BATCH_MS = 20;
const BATCH_CHARS = 32 * 1024;

/** Makes a logger. Warnings and errors are written at once, the rest within 20 ms. */
export function createLogger(
  options: LoggerOptions,
  { sink, clock }: { readonly sink: LogSink; readonly clock: Clock },
): FlushableLogger {
  const threshold = LOG_LEVELS.indexOf(options.level);
  const asText = options.format === "text" || (options.format === "auto" && sink.isTerminal);
  const format = asText ? formatText : formatJson;
  let batch = "";
  let timer: Timer | undefined;

  function flush(): void {
    timer?.cancel();
    timer = undefined;
    const text = batch;
    batch = "";
    if (text !== "") sink.write(text);
  }

  function write(level: LogLevel, message: string, fields: LogFields): void {
    batch += format(new Date(clock.now()).toISOString(), level, message, fields);
    if (level === "warn" || level === "error" || batch.length > BATCH_CHARS) return flush();
    timer ??= clock.timer(flush, BATCH_MS, { unref: true });
  }

  function loggerWith(bound: LogFields): Logger {
    const at = (level: LogLevel) =>
      LOG_LEVELS.indexOf(level) < threshold
        ? () => {}
        : (message: string, fields?: LogFields) => write(level, message, { ...bound, ...fields });
    return {
      trace: at("trace"),
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      with: (fields) => loggerWith({ ...bound, ...fields }),
    };
  }

  return { ...loggerWith({}), flush };
}

function formatText(time: string, level: LogLevel, message: string, fields: LogFields): string {
  let line = `${time} ${level.toUpperCase().padEnd(5)} ${message}`;
  for (const key in fields) {
    if (!Object.hasOwn(fields, key)) continue;
    const value = redact(key, fields[key]);
    if (value !== undefined) line += ` ${key}=${textValue(value)}`;
  }
  return `${line}\n`;
}

function textValue(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[^\s"=\\\p{C}]+$/u.test(text) ? text : JSON.stringify(text);
}

function formatJson(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const line: Record<string, unknown> = { time, level, message };
  for (const key in fields) {
    if (!Object.hasOwn(fields, key)) continue;
    // The frame of the line must stay readable whatever a field is called.
    line[Object.hasOwn(line, key) ? `${key}_` : key] = redact(key, fields[key]);
  }
  return `${JSON.stringify(line)}\n`;
}
