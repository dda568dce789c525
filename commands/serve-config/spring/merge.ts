/** Sources into one set of properties, and that into the tree of a YAML or JSON file (serve-config.md 14.2). */

import { type PropertySource, SpringError } from "./environment.ts";
import { EMPTY_LIST, EMPTY_MAP, type Properties, type PropertyValue } from "./properties.ts";

/** A node of the tree; gaps of lists are null. */
export type ConfigNode = PropertyValue | null | ConfigNode[] | Map<string, ConfigNode>;

/** Longest list, so that one key cannot fill the memory. */
const MAX_LIST_INDEX = 10_000;
/** Gaps of all lists of a tree, so that many keys cannot either. */
const MAX_GAPS = 1_000_000;

/** Gaps that a tree may still get. */
interface Room {
  gaps: number;
}

/**
 * All properties, the strongest value of each. A list of a stronger source replaces the whole list, so that
 * shorter lists keep no old ends; lists come behind the plain keys. The activation of documents is left out
 * under its old name, as the Java server does.
 */
export function mergeSources(sources: readonly PropertySource[]): Map<string, PropertyValue> {
  const plain = new Map<string, PropertyValue>();
  const lists = new Map<string, Properties>();
  for (const { properties } of sources.toReversed()) {
    for (const [key, value] of properties) {
      const bracket = key.indexOf("[");
      if (bracket < 0) plain.set(key, value);
    }
    for (const [name, members] of listsOf(properties)) lists.set(name, members);
  }
  plain.delete("spring.profiles");
  for (const members of lists.values()) {
    for (const [key, value] of members) plain.set(key, value);
  }
  return plain;
}

/** Keys with a bracket, by the text before their first one. */
function listsOf(properties: Properties): Map<string, Map<string, PropertyValue>> {
  const lists = new Map<string, Map<string, PropertyValue>>();
  for (const [key, value] of properties) {
    const bracket = key.indexOf("[");
    if (bracket < 0) continue;
    const name = key.slice(0, bracket);
    const members = lists.get(name) ?? new Map<string, PropertyValue>();
    lists.set(name, members.set(key, value));
  }
  return lists;
}

/**
 * The tree of flat properties. Where a shorter key has a value already, the rest of a longer one stays one
 * member beside it: `hub.server=x`, `hub.server.timeout=3` → `hub: {server: x, server.timeout: 3}`.
 *
 * @throws {SpringError} 400 for a key that names no place, such as `a..b` or `a[x`, and for lists of gaps
 */
export function nest(properties: Properties): Map<string, ConfigNode> {
  const root = new Map<string, ConfigNode>();
  const room: Room = { gaps: MAX_GAPS };
  for (const [key, value] of properties) place({ root, room }, key, value);
  return root;
}

type Step = string | number;

function place(
  { root, room }: { readonly root: Map<string, ConfigNode>; readonly room: Room },
  key: string,
  value: PropertyValue,
): void {
  const steps = stepsOf(key);
  let node: Map<string, ConfigNode> | ConfigNode[] = root;
  for (let at = 0; at < steps.length - 1; at++) {
    const step = steps[at] ?? "";
    const next = child(node, { step, next: steps[at + 1] ?? "", room });
    if (next === undefined) {
      setMember(node, { step: restOf(steps.slice(at)), value, room });
      return;
    }
    node = next;
  }
  setMember(node, { step: steps.at(-1) ?? key, value, room });
}

/** The collection below a step, made when nothing is there; `undefined` when a value stands there. */
function child(
  node: Map<string, ConfigNode> | ConfigNode[],
  { step, next, room }: { readonly step: Step; readonly next: Step; readonly room: Room },
): Map<string, ConfigNode> | ConfigNode[] | undefined {
  const found = Array.isArray(node) ? node[Number(step)] : node.get(String(step));
  const isEmpty = found === undefined || found === null || found === EMPTY_LIST ||
    found === EMPTY_MAP;
  if (isEmpty) {
    const made: Map<string, ConfigNode> | ConfigNode[] = typeof next === "number"
      ? []
      : new Map<string, ConfigNode>();
    setMember(node, { step, value: made, room });
    return made;
  }
  if (!(found instanceof Map) && !Array.isArray(found)) return undefined;
  // A list cannot take a name, nor a map an index.
  return Array.isArray(found) === (typeof next === "number") ? found : undefined;
}

function setMember(
  node: Map<string, ConfigNode> | ConfigNode[],
  { step, value, room }: { readonly step: Step; readonly value: ConfigNode; readonly room: Room },
): void {
  if (!Array.isArray(node)) {
    node.set(String(step), value);
    return;
  }
  const gaps = Math.max(0, Number(step) - node.length);
  if (gaps > room.gaps) {
    throw new SpringError(400, `The lists of the properties have over ${MAX_GAPS} gaps`);
  }
  room.gaps -= gaps;
  for (let count = 0; count < gaps; count++) node.push(null);
  node[Number(step)] = value;
}

/** The rest of a key as one name. */
function restOf(steps: readonly Step[]): string {
  return steps.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** `a.b[0].c[x.y]` → `a`, `b`, 0, `c[x.y]`: brackets around anything but digits belong to the name. */
function stepsOf(key: string): Step[] {
  const steps: Step[] = [];
  let name = "";
  let at = 0;
  const endName = (): void => {
    if (name !== "") steps.push(name);
    name = "";
  };
  while (at < key.length) {
    const char = key[at] ?? "";
    if (char === ".") {
      if (name === "" && typeof steps.at(-1) !== "number") throw unplaceable(key);
      endName();
      at += 1;
      if (at === key.length || key[at] === ".") throw unplaceable(key);
      continue;
    }
    if (char !== "[") {
      name += char;
      at += 1;
      continue;
    }
    const end = key.indexOf("]", at);
    if (end < 0) throw unplaceable(key);
    const inside = key.slice(at + 1, end);
    if (/^\d+$/.test(inside) && (name !== "" || steps.length > 0)) {
      endName();
      steps.push(listIndex(inside, key));
    } else name += key.slice(at, end + 1);
    at = end + 1;
  }
  endName();
  if (steps.length === 0) throw unplaceable(key);
  return steps;
}

function listIndex(digits: string, key: string): number {
  const index = Number(digits);
  if (index <= MAX_LIST_INDEX) return index;
  throw new SpringError(400, `The list index of "${key}" is over ${MAX_LIST_INDEX}`);
}

function unplaceable(key: string): SpringError {
  return new SpringError(400, `The property key "${key}" has no place in a tree`);
}
