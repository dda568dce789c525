/** The one error that means "the user typed something we cannot work with". */

/** Shown as `kcfg: error: message`, then one `kcfg: hint:` line per hint; the process exits with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** What the user can do about it, one sentence each. */
  readonly hints: readonly string[];

  constructor(message: string, hints?: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.hints = hints ?? [];
  }
}
