/** Lists of HTTP statuses: `200`, `200,204`, `200-299`, `2xx`. */

/**
 * A test for the statuses of a list.
 *
 * @throws {SyntaxError} for anything else
 */
export function parseSuccess(text: string): (status: number) => boolean {
  const ranges = text.split(",").map((part) => {
    const word = part.trim();
    const [, hundreds] = /^([1-5])xx$/i.exec(word) ?? [];
    if (hundreds !== undefined) {
      return [Number(hundreds) * 100, Number(hundreds) * 100 + 99] as const;
    }
    const [, first, last = first] = /^(\d{3})(?:-(\d{3}))?$/.exec(word) ?? [];
    if (first === undefined) {
      throw new SyntaxError(`"${word}" is no status, such as 200, 200-299 or 2xx`);
    }
    return [Number(first), Number(last)] as const;
  });
  return (status) => ranges.some(([first, last]) => status >= first && status <= last);
}
