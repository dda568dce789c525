/** Text of others in one line of a terminal: names and messages that a cluster or a server gave. */

// deno-lint-ignore no-control-regex -- control characters are what is being replaced
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

/** `text` without what ends a line, moves the cursor or turns the direction of writing; each is one U+FFFD. */
export function oneLine(text: string): string {
  return text.replace(UNPRINTABLE, "\uFFFD");
}
