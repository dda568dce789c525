/** JSON of environments and trees: order of maps kept, integers of any size, `1.0` as it was read. */

import { JavaDouble } from "#lib/format/java_double.ts";
import type { ConfigNode } from "./merge.ts";
import { EMPTY_LIST, EMPTY_MAP } from "./properties.ts";

/** Compact JSON of a node. */
export function jsonText(node: ConfigNode): string {
  if (node instanceof Map) {
    const members = [...node].map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`);
    return `{${members.join(",")}}`;
  }
  if (Array.isArray(node)) return `[${node.map(jsonText).join(",")}]`;
  if (node === EMPTY_LIST) return "[]";
  if (node === EMPTY_MAP) return "{}";
  if (node instanceof JavaDouble) {
    return Number.isFinite(node.value) ? String(node) : JSON.stringify(String(node));
  }
  if (typeof node === "bigint") return String(node);
  return JSON.stringify(node);
}
