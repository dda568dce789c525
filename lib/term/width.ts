/** How many columns of a terminal a text takes: names of users and clusters are not always ASCII. */

import { stripColor } from "./color.ts";

// East Asian wide and fullwidth blocks, and emoji shown as pictures.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const PRINTABLE = /^[ -~]*$/;
const NO_WIDTH = /\p{Mn}|\p{Me}|\p{Cf}|\p{Cc}/u;

/** Columns of `text` in one line; colours and combining marks take none, wide characters two. */
export function displayWidth(text: string): number {
  if (PRINTABLE.test(text)) return text.length;
  const plain = stripColor(text);
  let width = 0;
  for (const char of plain) {
    if (NO_WIDTH.test(char)) continue;
    width += WIDE.test(char) ? 2 : 1;
  }
  return width;
}
