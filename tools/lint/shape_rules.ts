/** Lint rules on the shape of a file: header, length, no barrels, no work at import time, no silent catch. */

import { isProduct, relativePath } from "./source_file.ts";

const MAX_LINES = 500;
const DOORS = new Set(["lib/flags/mod.ts", "lib/grpc_resolver/mod.ts", "lib/kube/mod.ts"]);
const DATA_TABLE = /^\s*\/\/ data table\b/m;

/** The rules of this file, by name. */
export const shapeRules: Readonly<Record<string, Deno.lint.Rule>> = {
  "file-length": programRule(() => true, (node, { text }) => {
    const lines = text.replace(/\n$/, "").split("\n").length;
    if (lines <= MAX_LINES || DATA_TABLE.test(header(text))) return [];
    return [{ node, message: `File has ${lines} lines; the limit is ${MAX_LINES}` }];
  }),
  "file-header": programRule(
    (path) => /^(?:lib|commands)\/.*\.tsx?$/.test(path),
    (node, { text }) =>
      header(text) === ""
        ? [{ node, message: "File must open with a comment that says what it is for" }]
        : [],
  ),
  "barrel-file": programRule((path) => isProduct(path) && !DOORS.has(path), (node) => {
    const isBarrel = node.body.length > 0 &&
      node.body.every((statement) =>
        statement.type === "ExportAllDeclaration" ||
        statement.type === "ExportNamedDeclaration" && statement.source !== null
      );
    return isBarrel ? [{ node, message: "No barrel files: import the file that defines" }] : [];
  }),
  "import-effects": {
    create(context) {
      const path = relativePath(context.filename);
      if (path === undefined || path === "main.ts" || !isProduct(path)) return {};
      const message = "Nothing but declarations may run at import time";
      return {
        Program(node) {
          for (const statement of node.body) {
            if (!isDeclaration(statement)) context.report({ node: statement, message });
          }
        },
        AwaitExpression(node) {
          const ancestors = context.sourceCode.getAncestors(node);
          const isInDeclaration = ancestors.some(({ type }) => type === "VariableDeclaration");
          // A statement with an await at the top is reported as a statement already.
          if (isInDeclaration && !ancestors.some(isFunction)) context.report({ node, message });
        },
      };
    },
  },
  "silent-catch": {
    create(context) {
      const path = relativePath(context.filename);
      if (path === undefined || !isProduct(path)) return {};
      const message = "An empty catch must say in a comment why";
      const isSilent = (block: Deno.lint.BlockStatement) =>
        block.body.length === 0 && !/\/[/*]/.test(context.sourceCode.getText(block));
      return {
        CatchClause(node) {
          if (isSilent(node.body)) context.report({ node, message });
        },
        'CallExpression[callee.property.name="catch"] > ArrowFunctionExpression'(
          node: Deno.lint.ArrowFunctionExpression,
        ) {
          if (node.body.type === "BlockStatement" && isSilent(node.body)) {
            context.report({ node, message });
          }
        },
      };
    },
  },
};

type ProgramCheck = (
  node: Deno.lint.Program,
  source: Deno.lint.SourceCode,
) => readonly Deno.lint.ReportData[];

function programRule(applies: (path: string) => boolean, check: ProgramCheck): Deno.lint.Rule {
  return {
    create(context) {
      const path = relativePath(context.filename);
      if (path === undefined || !applies(path)) return {};
      return {
        Program(node) {
          for (const report of check(node, context.sourceCode)) context.report(report);
        },
      };
    },
  };
}

/** The comments a source opens with, after a `#!` line; empty when code comes first. */
function header(text: string): string {
  const body = text.replace(/^#!.*\n/, "");
  return /^(?:\s*(?:\/\/.*(?:\n|$)|\/\*[\s\S]*?\*\/))+/.exec(body)?.[0] ?? "";
}

function isDeclaration(statement: Deno.lint.Statement): boolean {
  return /^(?:Import|Export|TS|Class|Function|Variable)/.test(statement.type);
}

function isFunction(node: Deno.lint.Node): boolean {
  return /Function/.test(node.type);
}
