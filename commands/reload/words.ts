/** A command line in one text: a JSON list of texts, or words as a shell splits them, without any expansion. */

/**
 * Splits the text.
 *
 * @throws {SyntaxError} for an open quote or a list of something else
 */
export function splitWords(text: string): readonly string[] {
  if (text.trimStart().startsWith("[")) return jsonWords(text);
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === "\\" && quote !== "'") {
      word = (word ?? "") + (text[at + 1] ?? "");
      at += 1;
    } else if (quote !== "") {
      if (char === quote) quote = "";
      else word = (word ?? "") + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  if (quote !== "") throw new SyntaxError(`a ${quote} is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}

function jsonWords(text: string): readonly string[] {
  const words: unknown = JSON.parse(text);
  if (Array.isArray(words) && words.every((word) => typeof word === "string")) return words;
  throw new SyntaxError("a list of texts is expected");
}
