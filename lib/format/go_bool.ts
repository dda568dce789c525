/** Booleans as Go's `strconv.ParseBool` reads them: twelve spellings and nothing else. */

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/**
 * Reads a boolean. No trimming, no `yes`, no `on`.
 *
 * @throws {SyntaxError} quoting `text` when it is none of the accepted spellings
 */
export function parseGoBool(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new SyntaxError(
    `Cannot parse boolean ${JSON.stringify(text)}: expected true or false (1, t, 0, f)`,
  );
}
