/** Why a flag could not be set. The texts are part of the HTTP interface (flags-watch, section 3). */

/** What kind of refusal it was. */
export type FlagErrorReason = "syntax" | "range" | "validation" | "static" | "unknown";

/** A refused value. The flag keeps the value it had. */
export class FlagError extends Error {
  /** Always `FlagError`. */
  override readonly name = "FlagError";
  /** Name of the flag; empty for a value that is bound to no name yet. */
  readonly flag: string;
  /** The refused text as it was given, or the canonical text of a refused value. */
  readonly raw: string;
  /** What kind of refusal it was. */
  readonly reason: FlagErrorReason;

  /** `message` is the text shown to whoever set the flag. */
  constructor(
    message: string,
    { flag, raw, reason, cause }: {
      readonly flag: string;
      readonly raw: string;
      readonly reason: FlagErrorReason;
      readonly cause?: unknown;
    },
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.flag = flag;
    this.raw = raw;
    this.reason = reason;
  }
}

/** What a type's parser throws: it knows the text but neither flag nor raw value. */
export class ParseFailure extends Error {
  override readonly name = "ParseFailure";
  readonly reason: "syntax" | "range";

  constructor(message: string, reason: "syntax" | "range" = "syntax") {
    super(message);
    this.reason = reason;
  }
}
