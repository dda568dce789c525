/**
 * The real logger: one line a message, as text for people or JSON for machines, redacted, to one sink.
 * A few lines are written as they come; a flood is written in batches, so that a busy server does not make a system
 * call for each request.
 */

import type { Clock, Timer } from "#lib/run/clock.ts";
import { LOG_LEVELS } from "./logger.ts";
import type { LogFields, Logger, LogLevel } from "./logger.ts";
import { isSecretKey, redactValue } from "./redact.ts";

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
  /** Whether lines begin with the time, true by default. */
  readonly timestamps?: boolean;
}

/** A logger with a door to make sure that everything is out. */
export interface FlushableLogger extends Logger {
  /** Writes what is still batched. */
  flush(): void;
}

/** A batch is written when this is over or when it has grown to `BATCH_CHARS`. */
const BATCH_MS = 20;
const BATCH_CHARS = 32 * 1024;
/** Lines within `BATCH_MS` that are no flood yet. Few enough for a busy server, many enough for every start. */
const FREE_LINES = 8;

/** Makes a logger. Warnings, errors and lines that come alone are written at once, the rest within 20 ms. */
export function createLogger(
  options: LoggerOptions,
  { sink, clock }: { readonly sink: LogSink; readonly clock: Clock },
): FlushableLogger {
  const threshold = LOG_LEVELS.indexOf(options.level);
  const asText = options.format === "text" || (options.format === "auto" && sink.isTerminal);
  const format = asText ? formatText : formatJson;
  const shown = createRedactor();
  const timeOf = createTimestamps();
  let batch = "";
  let timer: Timer | undefined;
  let windowFromMs = -Infinity;
  let windowLines = 0;

  function flush(): void {
    timer?.cancel();
    timer = undefined;
    const text = batch;
    batch = "";
    if (text !== "") sink.write(text);
  }

  /** Also keeps the first timer, which is dear, out of the way of a start. */
  function isAlone(): boolean {
    const nowMs = clock.monotonic();
    if (nowMs - windowFromMs >= BATCH_MS) {
      windowFromMs = nowMs;
      windowLines = 0;
    }
    windowLines += 1;
    return windowLines <= FREE_LINES;
  }

  function write(level: LogLevel, message: string, fields: LogFields): void {
    const time = options.timestamps === false ? undefined : timeOf(clock.now());
    batch += format({ time, level, message, fields }, shown);
    if (level === "warn" || level === "error" || batch.length > BATCH_CHARS) return flush();
    if (timer === undefined && isAlone()) return flush();
    timer ??= clock.timer(flush, BATCH_MS, { unref: true });
  }

  function loggerWith(bound: LogFields | undefined): Logger {
    const at = (level: LogLevel) =>
      LOG_LEVELS.indexOf(level) < threshold
        ? () => {}
        : (message: string, fields: LogFields = NO_FIELDS) =>
          write(level, message, bound === undefined ? fields : { ...bound, ...fields });
    return {
      trace: at("trace"),
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      with: (fields) => loggerWith({ ...bound, ...fields }),
    };
  }

  return { ...loggerWith(undefined), flush };
}

const NO_FIELDS: LogFields = {};

interface Line {
  /** `undefined` leaves it out. */
  readonly time: string | undefined;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A field's value as it may be shown. */
type Redactor = (key: string, value: unknown) => unknown;

/** Field names are few and known, so whether one is secret is found out once. */
function createRedactor(): Redactor {
  const secretKeys = new Map<string, boolean>();
  return (key, value) => {
    let isSecret = secretKeys.get(key);
    if (isSecret === undefined) {
      isSecret = isSecretKey(key);
      if (secretKeys.size < MAX_KNOWN_KEYS) secretKeys.set(key, isSecret);
    }
    return isSecret && value !== undefined && value !== null ? "***" : redactValue(value);
  };
}

const MAX_KNOWN_KEYS = 1000;

/** RFC 3339; lines of one millisecond share the text. */
function createTimestamps(): (nowMs: number) => string {
  let lastMs = NaN;
  let text = "";
  return (nowMs) => {
    if (nowMs !== lastMs) {
      lastMs = nowMs;
      text = new Date(nowMs).toISOString();
    }
    return text;
  };
}

function formatText({ time, level, message, fields }: Line, shown: Redactor): string {
  let line = `${time === undefined ? "" : `${time} `}${LEVEL_COLUMN[level]} ${message}`;
  for (const key in fields) {
    if (!Object.hasOwn(fields, key)) continue;
    const value = shown(key, fields[key]);
    if (value !== undefined) line += ` ${key}=${textValue(value)}`;
  }
  return `${line}\n`;
}

const LEVEL_COLUMN: Readonly<Record<LogLevel, string>> = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO ",
  warn: "WARN ",
  error: "ERROR",
};

/** Letters that need no quotes, the usual case; the second expression decides about the others. */
const PLAIN_ASCII = /^[\w./:@%+,~*()-]+$/;
const PLAIN = /^[^\s"=\\\p{C}]+$/u;

function textValue(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return PLAIN_ASCII.test(text) || PLAIN.test(text) ? text : JSON.stringify(text);
}

function formatJson({ time, level, message, fields }: Line, shown: Redactor): string {
  const line: Record<string, unknown> = { time, level, message };
  for (const key in fields) {
    if (!Object.hasOwn(fields, key)) continue;
    // The frame of the line must stay readable whatever a field is called.
    line[Object.hasOwn(line, key) ? `${key}_` : key] = shown(key, fields[key]);
  }
  return `${JSON.stringify(line)}\n`;
}
