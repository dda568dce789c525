/** Local references of a JSON Schema: `#/$defs/node`. */

/** What a reference leads to in `root`; `undefined` when nothing is there. */
export function atPointer(root: unknown, reference: string): unknown {
  let found = root;
  for (const part of reference.slice(2).split("/").filter((one) => one !== "")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const isThere = typeof found === "object" && found !== null && Object.hasOwn(found, key);
    if (!isThere) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}
