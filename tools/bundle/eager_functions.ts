/**
 * Makes the runtime compile functions when a file is compiled, not at their first call.
 *
 * V8 compiles a function that stands in parentheses at once (it takes it for one that is about to be called), and
 * what was compiled at once is in the code cache that Deno keeps. A plain function is compiled anew in each
 * process, when it is first called, and most of a start was that. What V8 does so for, at any depth: function
 * expressions, and arrow functions that are not async. Declarations become such expressions at the beginning of
 * the body they stand in, which keeps that they may be used above their place. Methods cannot be written so.
 */

import MagicString from "magic-string";
import type { Plugin } from "rollup";

/** The step for the bundler's last stage. */
export function eagerFunctions(): Plugin {
  return {
    name: "eager-functions",
    renderChunk(code) {
      const text = new MagicString(code);
      const program = this.parse(code) as unknown as Program;
      writeBody(program.body, 0, text);
      return { code: text.toString(), map: text.generateMap({ hires: "boundary" }) };
    },
  };
}

/** A node of the parser's tree, as far as it matters here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

interface Program extends Node {
  readonly body: readonly Node[];
}

interface FunctionNode extends Node {
  readonly id: { readonly name: string } | null;
  readonly async: boolean;
  readonly params: readonly Node[];
  readonly body: Node & { readonly body?: readonly Node[] };
}

/** The statements of a file or of a function, the first of which is behind `start`. */
function writeBody(statements: readonly Node[], start: number, text: MagicString): void {
  for (const node of statements) {
    if (isDeclaration(node)) {
      text.prependRight(node.start, `var ${node.id.name}=(`);
      text.appendLeft(node.end, ");");
      // Exports are lists at the end of a file by now, so that nothing else is in the way.
      if (node.start > start) text.move(node.start, node.end, start);
    }
    writeInner(node, text);
  }
}

function isDeclaration(node: Node): node is FunctionNode & { id: { name: string } } {
  return node.type === "FunctionDeclaration" && (node as FunctionNode).id !== null;
}

/** What is inside a node; `isMethod` for the function of a method, which is no expression of its own. */
function writeInner(node: Node, text: MagicString): void {
  if (isFunction(node)) {
    for (const one of node.params) writeNode(one, text);
    if (node.body.type === "BlockStatement") {
      return writeBody(node.body.body ?? [], node.body.start + 1, text);
    }
    return writeNode(node.body, text);
  }
  const isMethod = node.type === "MethodDefinition" ||
    node.type === "Property" && isMethodLike(node as PropertyNode);
  for (const member of Object.values(node)) {
    for (const one of Array.isArray(member) ? member : [member]) {
      if (!isNode(one)) continue;
      if (isMethod && one.type === "FunctionExpression") writeInner(one, text);
      else writeNode(one, text);
    }
  }
}

interface PropertyNode extends Node {
  readonly kind: "init" | "get" | "set";
  readonly method: boolean;
}

function isMethodLike({ kind, method }: PropertyNode): boolean {
  return method || kind !== "init";
}

function writeNode(node: Node, text: MagicString): void {
  const isEager = node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression" && !(node as FunctionNode).async;
  if (isEager) {
    text.prependRight(node.start, "(");
    text.appendLeft(node.end, ")");
  }
  writeInner(node, text);
}

function isFunction(node: Node): node is FunctionNode {
  return /^(?:Function|ArrowFunction)/.test(node.type);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value &&
    typeof value.type === "string";
}
