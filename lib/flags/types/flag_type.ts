/** What a type of flag must know: text to value and back. One object per type, without state of its own. */

/** Names of the types, as schemas and listings spell them. */
export type FlagTypeName =
  | "bool"
  | "int"
  | "int64"
  | "float"
  | "string"
  | "duration"
  | "string-slice"
  | "string-set"
  | "json"
  | "binary"
  | "log-level"
  | "enum"
  | "url"
  | "regex"
  | "bytes-size";

/** Syntax and canonical text of a type. */
export interface FlagType<T> {
  /** Name of the type. */
  readonly name: FlagTypeName;
  /** Canonical texts of all its values, where they are few: pages propose them. */
  readonly choices?: readonly string[];
  /**
   * Reads a text that was trimmed already. Object values come back frozen where the runtime can.
   *
   * @throws {ParseFailure} with the text that is shown to whoever set the flag
   */
  parse(text: string): T;
  /** The canonical text: what listings show and checksums cover. */
  format(value: T): string;
  /** The value as the typed JSON routes show it. */
  toJson(value: T): unknown;
  /** Makes a value that code handed in safe to share: frozen, or a copy. */
  protect?(value: T): T;
  /** Whether two values that print alike are alike; without it they are. */
  isSame?(a: T, b: T): boolean;
  /** Reads the raw bytes of a file; types without it get the bytes as UTF-8 text. */
  fromBytes?(bytes: Uint8Array): T;
}
