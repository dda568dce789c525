/** Where the values of a YAML text stand, in the dialect of `yaml_java.ts`; read only for those who ask for it. */

import { constructFromEvents, type Event, EVENT_ID, parseEvents, SCALAR_STYLE } from "js-yaml";
import { JAVA_SCHEMA } from "./yaml_java.ts";

/** A value with its place, lines and columns counted from 1. */
export type PlacedNode =
  | { readonly kind: "scalar"; readonly line: number; readonly column: number }
  | { readonly kind: "list"; readonly items: readonly PlacedNode[] }
  | { readonly kind: "map"; readonly members: ReadonlyMap<unknown, PlacedNode> };

/**
 * The documents of a text that `parseJavaYaml` reads; aliases stand where their anchor does, merged members
 * where they were merged from.
 */
export function yamlPlaces(text: string): readonly PlacedNode[] {
  return new PlaceReader(text).documents();
}

const NOWHERE: PlacedNode = { kind: "list", items: [] };

class PlaceReader {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #lineStarts: readonly number[];
  #anchors = new Map<string, PlacedNode>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#events = parseEvents(text, {});
    this.#lineStarts = [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((m) => m.index + m[0].length)];
  }

  documents(): PlacedNode[] {
    const documents: PlacedNode[] = [];
    while (this.#at < this.#events.length) {
      this.#at += 1;
      this.#anchors = new Map();
      documents.push(this.#isPop() ? NOWHERE : this.#node());
      this.#at += 1;
    }
    return documents;
  }

  #isPop(): boolean {
    return this.#events[this.#at]?.type === EVENT_ID.POP;
  }

  #node(): PlacedNode {
    const event = this.#events[this.#at++];
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        return this.#anchored(event, this.#scalar(event));
      case EVENT_ID.SEQUENCE:
        return this.#anchored(event, { kind: "list", items: this.#items() });
      case EVENT_ID.MAPPING:
        return this.#anchored(event, { kind: "map", members: this.#members() });
      case EVENT_ID.ALIAS:
        return this.#anchors.get(this.#text.slice(event.anchorStart, event.anchorEnd)) ?? NOWHERE;
      default:
        return NOWHERE;
    }
  }

  #anchored(event: { anchorStart: number; anchorEnd: number }, node: PlacedNode): PlacedNode {
    if (event.anchorEnd > event.anchorStart && event.anchorStart >= 0) {
      this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), node);
    }
    return node;
  }

  #items(): PlacedNode[] {
    const items: PlacedNode[] = [];
    while (!this.#isPop()) items.push(this.#node());
    this.#at += 1;
    return items;
  }

  #members(): Map<unknown, PlacedNode> {
    const own = new Map<unknown, PlacedNode>();
    const merged: PlacedNode[] = [];
    while (!this.#isPop()) {
      const key = this.#key();
      const value = this.#node();
      if (key === "<<") merged.push(...value.kind === "list" ? value.items : [value]);
      else own.set(key, value);
    }
    this.#at += 1;
    for (const node of merged) {
      if (node.kind !== "map") continue;
      for (const [key, value] of node.members) if (!own.has(key)) own.set(key, value);
    }
    return own;
  }

  /** The key as a value; its events are read by the package, which knows quotes and tags. */
  #key(): unknown {
    const from = this.#at;
    this.#node();
    const events: Event[] = [
      { type: EVENT_ID.DOCUMENT, explicitStart: false, explicitEnd: false, directives: [] },
      ...this.#events.slice(from, this.#at),
      { type: EVENT_ID.POP },
    ];
    const isAlias = this.#events[from]?.type === EVENT_ID.ALIAS;
    if (isAlias) return undefined;
    return constructFromEvents(events, { source: this.#text, schema: JAVA_SCHEMA })[0];
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): PlacedNode {
    return { kind: "scalar", ...this.#place(this.#startOf(event)) };
  }

  /** The value with its quote or block mark. */
  #startOf(
    { style, valueStart }: { readonly style: number; readonly valueStart: number },
  ): number {
    switch (style) {
      case SCALAR_STYLE.SINGLE_QUOTED:
      case SCALAR_STYLE.DOUBLE_QUOTED:
        return valueStart - 1;
      case SCALAR_STYLE.LITERAL_BLOCK:
        return this.#text.lastIndexOf("|", valueStart);
      case SCALAR_STYLE.FOLDED_BLOCK:
        return this.#text.lastIndexOf(">", valueStart);
      default:
        return valueStart;
    }
  }

  #place(offset: number): { readonly line: number; readonly column: number } {
    let line = 0;
    let after = this.#lineStarts.length;
    while (after - line > 1) {
      const middle = (line + after) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) line = middle;
      else after = middle;
    }
    return { line: line + 1, column: offset - (this.#lineStarts[line] ?? 0) + 1 };
  }
}
