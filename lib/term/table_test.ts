/** Tables for people. */

import assert from "node:assert/strict";
import { createPalette } from "./color.ts";
import { type Column, formatTable } from "./table.ts";

interface Pod {
  readonly name: string;
  readonly restarts: number;
  readonly status: string;
}

const COLUMNS: readonly Column<Pod>[] = [
  { header: "Name", value: ({ name }) => name },
  { header: "Restarts", value: ({ restarts }) => String(restarts), align: "right" },
  { header: "Status", value: ({ status }) => status },
];

Deno.test("formatTable() aligns columns three spaces apart without blanks at the end", () => {
  const rows = [
    { name: "web-1", restarts: 0, status: "Running" },
    { name: "a-much-longer-name", restarts: 12, status: "" },
  ];
  assert.equal(
    formatTable(rows, { columns: COLUMNS }),
    "NAME                 RESTARTS   STATUS\n" +
      "web-1                       0   Running\n" +
      "a-much-longer-name         12\n",
  );
});

Deno.test("formatTable() prints the header without rows and honours the gap", () => {
  assert.equal(formatTable([], { columns: COLUMNS, gap: 1 }), "NAME RESTARTS STATUS\n");
});

Deno.test("formatTable() is not moved by colours, wide characters or line breaks", () => {
  const { red } = createPalette({ enabled: true });
  const rows = [
    { name: red("abc"), restarts: 1, status: "a\nb" },
    { name: "\u65e5\u672c", restarts: 2, status: "c" },
  ];
  assert.equal(
    formatTable(rows, { columns: COLUMNS }),
    "NAME   RESTARTS   STATUS\n" +
      "\x1b[31mabc\x1b[39m           1   a b\n" +
      "\u65e5\u672c          2   c\n",
  );
});
