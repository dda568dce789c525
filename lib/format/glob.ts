/**
 * Globs of one text: `?` is one character, `*` any number of them. No longer than both lengths multiplied, however
 * many stars there are, because who writes the glob may not be a friend.
 */

/** Makes the test whether a whole text is what the glob describes. */
export function globTest(glob: string): (text: string) => boolean {
  const pattern = [...glob];
  return (text) => matches(pattern, [...text]);
}

/** Only the last star is ever gone back to: what an earlier one took can be left as it is. */
function matches(pattern: readonly string[], text: readonly string[]): boolean {
  let at = 0;
  let star: { readonly next: number; took: number } | undefined;
  for (let read = 0; read < text.length;) {
    const wanted = pattern[at];
    if (wanted === "*") {
      at += 1;
      star = { next: at, took: read };
    } else if (wanted === "?" || (wanted !== undefined && wanted === text[read])) {
      at += 1;
      read += 1;
    } else if (star !== undefined) {
      at = star.next;
      star.took += 1;
      read = star.took;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}
