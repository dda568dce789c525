/** The word that was probably meant. */

/** The closest of `candidates` to `typed`, when at most a third of its letters (at least one) is wrong. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((word) => ({ word, distance: editDistance(typed, word) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best === undefined) return undefined;
  return best.distance <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : undefined;
}

/** Edits (insert, delete, replace) from `a` to `b`; `a` is cut at 100 letters, so the cost is bounded. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...a.slice(0, 100)].entries()) {
    const current = [row + 1];
    for (let column = 0; column < b.length; column++) {
      current.push(Math.min(
        (current[column] ?? 0) + 1,
        (previous[column + 1] ?? 0) + 1,
        (previous[column] ?? 0) + (b[column] === letter ? 0 : 1),
      ));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
