/** Tables as kubectl prints them: upper-case headers, columns three spaces apart, no borders. */

import { displayWidth } from "./width.ts";

const GAP = 3;

/** One column of a table. */
export interface Column<Row> {
  /** Printed in upper case. */
  readonly header: string;
  /** The cell's text; may hold colours. Line breaks are printed as blanks. */
  readonly value: (row: Row) => string;
  /** Numbers read better at the right; `left` by default. */
  readonly align?: "left" | "right";
}

/**
 * Lays `rows` out, every line ended by a newline and without blanks at its end. The header is printed even
 * without rows; what to say then is up to the caller. Empty cells stay empty.
 */
export function formatTable<Row>(
  rows: readonly Row[],
  { columns, gap = GAP }: { readonly columns: readonly Column<Row>[]; readonly gap?: number },
): string {
  const cells = [
    columns.map(({ header }) => header.toUpperCase()),
    ...rows.map((row) => columns.map((column) => cellOf(column, row))),
  ];
  const widths = columns.map((_, at) =>
    cells.reduce((width, line) => Math.max(width, displayWidth(line[at] ?? "")), 0)
  );
  const separator = " ".repeat(gap);
  return cells.map((line) => {
    // In place of the cells, which nobody needs any more: a table of thousands of rows is mostly these.
    for (let at = 0; at < line.length; at++) {
      const cell = line[at] ?? "";
      const length = cell.length + (widths[at] ?? 0) - displayWidth(cell);
      line[at] = columns[at]?.align === "right" ? cell.padStart(length) : cell.padEnd(length);
    }
    return `${line.join(separator).trimEnd()}\n`;
  }).join("");
}

function cellOf<Row>({ value }: Column<Row>, row: Row): string {
  const text = value(row);
  return /[\r\n\t]/.test(text) ? text.replace(/[\r\n\t]+/g, " ") : text;
}
